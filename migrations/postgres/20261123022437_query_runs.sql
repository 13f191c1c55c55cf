-- migrate:up
-- Queries that nobody waits for, and their answers for a while. A row that is gone was
-- cancelled: its owner sees so and ends the query.
CREATE TABLE control.query_runs (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  project_id    bigint NOT NULL,
  -- The process that runs it, which says every few seconds that it does.
  owner         uuid NOT NULL,
  heartbeat_at  timestamptz NOT NULL DEFAULT now(),
  created_at    timestamptz NOT NULL DEFAULT now(),
  finished_at   timestamptz,
  expires_at    timestamptz NOT NULL,
  -- JSON, compressed by zstd; one of them once it has finished.
  answer        bytea,
  problem       bytea
);
CREATE INDEX query_runs_by_project ON control.query_runs (project_id, created_at);
CREATE INDEX query_runs_by_expiry ON control.query_runs (expires_at);

-- migrate:down
DROP TABLE control.query_runs;
