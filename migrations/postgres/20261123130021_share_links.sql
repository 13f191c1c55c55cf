-- migrate:up
-- Owned by analytics-api: who may see an insight or a dashboard without a key. A link that
-- was revoked stays to be listed for a while.
CREATE TABLE control.share_links (
  id            uuid PRIMARY KEY,
  project_id    bigint NOT NULL REFERENCES control.projects (id),
  insight       uuid,
  dashboard     uuid,
  -- SHA-256 of the token; the token itself is kept nowhere.
  token_hash    bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  -- JSON: range, time zone and filters that it says instead of what is saved.
  fixed         text NOT NULL,
  floor         integer NOT NULL CHECK (floor >= 2),
  expires_at    timestamptz NOT NULL,
  revoked_at    timestamptz,
  -- The id of a key.
  created_by    text NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  uses          bigint NOT NULL DEFAULT 0,
  last_used_at  timestamptz,
  CHECK (num_nonnulls(insight, dashboard) = 1),
  FOREIGN KEY (project_id, insight)
    REFERENCES control.insights (project_id, id) ON DELETE CASCADE,
  FOREIGN KEY (project_id, dashboard)
    REFERENCES control.dashboards (project_id, id) ON DELETE CASCADE
);
CREATE INDEX share_links_by_project ON control.share_links (project_id, id);
CREATE INDEX share_links_by_insight ON control.share_links (project_id, insight);
CREATE INDEX share_links_by_dashboard ON control.share_links (project_id, dashboard);

-- migrate:down
DROP TABLE control.share_links;
