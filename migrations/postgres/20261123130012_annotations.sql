-- migrate:up
-- Owned by analytics-api: what a team notes about a moment, or about a time.
CREATE TABLE control.annotations (
  id            uuid PRIMARY KEY,
  project_id    bigint NOT NULL REFERENCES control.projects (id),
  at            timestamptz NOT NULL,
  -- Exclusive; null: a moment.
  until         timestamptz,
  text          text NOT NULL CHECK (char_length(text) BETWEEN 1 AND 2000),
  mutes_alerts  boolean NOT NULL,
  created_by    text NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_by    text NOT NULL,
  updated_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT annotation_ends_after_it_begins CHECK (until > at)
);
CREATE INDEX annotations_by_time ON control.annotations (project_id, at, id);

-- migrate:down
DROP TABLE control.annotations;
