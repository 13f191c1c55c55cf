-- migrate:up
-- Owned by analytics-api: answers of saved questions, until they may be others. Not part of
-- backups: what is restored is asked anew.
CREATE TABLE control.kept_results (
  project_id   bigint NOT NULL,
  -- SHA-256 of what was asked, and of everything else that decides how it is computed.
  key          bytea NOT NULL CHECK (length(key) = 32),
  -- As of when it is exact.
  watermark    timestamptz NOT NULL,
  -- The newest watermark that was told before it was computed, while nothing of the project
  -- was being removed: a removal that is known later may have changed it.
  told_at      timestamptz NOT NULL,
  computed_at  timestamptz NOT NULL DEFAULT now(),
  used_at      timestamptz NOT NULL DEFAULT now(),
  -- JSON, compressed by zstd.
  result       bytea NOT NULL,
  PRIMARY KEY (project_id, key)
);
CREATE INDEX kept_results_by_use ON control.kept_results (project_id, used_at);
CREATE INDEX kept_results_unused ON control.kept_results (used_at);

-- migrate:down
DROP TABLE control.kept_results;
