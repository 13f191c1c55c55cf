-- migrate:up
-- Owned by batch-processor: long work and its schedules. The cluster engine keeps its own
-- tables (`cluster_*`) in this schema too and makes them itself.
CREATE SCHEMA jobs;

CREATE TABLE jobs.jobs (
  id                   uuid PRIMARY KEY,
  -- null: of the whole installation
  project_id           bigint,
  type                 text NOT NULL,
  payload              jsonb NOT NULL,
  state                text NOT NULL DEFAULT 'queued' CHECK (state IN
    ('queued', 'running', 'cancelling', 'succeeded', 'failed', 'cancelled', 'parked')),
  -- one more for each retry by a person; part of the key of the workflow
  run                  integer NOT NULL DEFAULT 1,
  -- beginnings of steps in this run since it last got further
  attempts             integer NOT NULL DEFAULT 0,
  -- raised by whoever takes the job; every write of a runner checks it
  epoch                bigint NOT NULL DEFAULT 0,
  owner                text,
  heartbeat_at         timestamptz,
  -- milliseconds in which a runner had this run in hand, by heartbeats
  spent_ms             bigint NOT NULL DEFAULT 0,
  step                 text,
  progress             jsonb,
  result               jsonb,
  -- {"title": …, "detail": …}
  error                jsonb,
  traceparent          text,
  trace_id             text,
  created_by           text NOT NULL,
  schedule_id          uuid,
  scheduled_for        timestamptz,
  created_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at           timestamptz,
  finished_at          timestamptz,
  cancel_requested_at  timestamptz,
  -- when what the engine keeps of a finished job was removed
  swept_at             timestamptz
);
CREATE INDEX jobs_by_project ON jobs.jobs (project_id, id);
CREATE INDEX jobs_open ON jobs.jobs (type, project_id, id)
  WHERE state IN ('queued', 'running', 'cancelling');
CREATE INDEX jobs_unswept ON jobs.jobs (finished_at)
  WHERE finished_at IS NOT NULL AND swept_at IS NULL;
CREATE UNIQUE INDEX jobs_of_schedule ON jobs.jobs (schedule_id, scheduled_for)
  WHERE schedule_id IS NOT NULL;

-- What a step keeps to go on from after a crash; it outlives runs.
CREATE TABLE jobs.checkpoints (
  job_id    uuid NOT NULL REFERENCES jobs.jobs (id) ON DELETE CASCADE,
  name      text NOT NULL,
  value     jsonb NOT NULL,
  saved_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (job_id, name)
);

CREATE TABLE jobs.log (
  job_id   uuid NOT NULL REFERENCES jobs.jobs (id) ON DELETE CASCADE,
  id       bigint GENERATED ALWAYS AS IDENTITY,
  at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  level    text NOT NULL,
  message  text NOT NULL,
  data     jsonb,
  PRIMARY KEY (job_id, id)
);

CREATE TABLE jobs.schedules (
  id             uuid PRIMARY KEY,
  project_id     bigint,
  name           text NOT NULL,
  type           text NOT NULL,
  payload        jsonb NOT NULL,
  cron           text NOT NULL,
  timezone       text NOT NULL,
  -- what to do about runs that were due while nobody could start them
  missed         text NOT NULL CHECK (missed IN ('skip', 'once', 'catch-up')),
  paused_at      timestamptz,
  -- the next run that is not yet a job; null when there is none any more
  next_at        timestamptz,
  created_by     text NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX schedules_due ON jobs.schedules (next_at) WHERE paused_at IS NULL;

-- Whole answers of writes that carried an Idempotency-Key.
CREATE TABLE jobs.submissions (
  actor        text NOT NULL,
  key          text NOT NULL,
  fingerprint  text NOT NULL,
  job_id       uuid NOT NULL REFERENCES jobs.jobs (id) ON DELETE CASCADE,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (actor, key)
);

-- migrate:down
DROP SCHEMA jobs CASCADE;
