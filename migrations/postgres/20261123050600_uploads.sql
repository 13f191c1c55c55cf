-- migrate:up
-- Files that a project sent for its jobs. The object comes after the row, so that none is
-- ever without one.
CREATE TABLE jobs.uploads (
  id          uuid PRIMARY KEY,
  project_id  bigint NOT NULL,
  -- null: not all of it has come
  bytes       bigint,
  sha256      text,
  created_by  text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at  timestamptz NOT NULL
);
CREATE INDEX uploads_of_project ON jobs.uploads (project_id);
CREATE INDEX uploads_expiring ON jobs.uploads (expires_at);

-- migrate:down
DROP TABLE jobs.uploads;
