-- migrate:up
-- A report that comes again: a schedule of batch-processor has the same id.
CREATE TABLE reports.subscriptions (
  id uuid PRIMARY KEY,
  project_id bigint NOT NULL,
  name text NOT NULL,
  report_id uuid NOT NULL,
  parameters jsonb NOT NULL,
  formats text[] NOT NULL,
  destinations uuid[] NOT NULL,
  -- Who hears of a run that failed.
  owners uuid[] NOT NULL,
  cron text NOT NULL,
  timezone text NOT NULL,
  missed text NOT NULL CHECK (missed IN ('skip', 'once', 'catch-up')),
  max_wait_seconds integer NOT NULL,
  -- Times a report that was sent is looked at again, and how long apart.
  revisions integer NOT NULL,
  revise_every_seconds integer NOT NULL,
  enabled boolean NOT NULL,
  version integer NOT NULL DEFAULT 1,
  -- The version that batch-processor has; behind `version` it is told again.
  scheduled_version integer NOT NULL DEFAULT 0,
  schedule_problem text,
  sync_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Removed here; gone once batch-processor has removed its schedule too.
  removed_at timestamptz,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX subscriptions_of_project ON reports.subscriptions (project_id, id);
CREATE INDEX subscriptions_to_sync ON reports.subscriptions (sync_at);

-- One row for each time a subscription was due.
CREATE TABLE reports.subscription_runs (
  id uuid PRIMARY KEY,
  project_id bigint NOT NULL,
  subscription_id uuid NOT NULL REFERENCES reports.subscriptions ON DELETE CASCADE,
  scheduled_for timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN
    ('waiting', 'sent', 'failed')),
  detail text,
  -- The report's range ends then; null: it has none, and does not wait.
  complete_at timestamptz,
  -- Sent then, complete or not.
  give_up_at timestamptz NOT NULL,
  -- When it is looked at next; of one in somebody's hands, when it is taken from them.
  due_at timestamptz NOT NULL,
  failures integer NOT NULL DEFAULT 0,
  epoch bigint NOT NULL DEFAULT 0,
  -- The run of batch-processor's job that asked last: another one starts a failed one anew.
  job_run integer NOT NULL DEFAULT 1,
  incomplete boolean,
  -- The run and the watermark of what was sent last.
  report_run uuid,
  as_of timestamptz,
  sent_at timestamptz,
  revisions_left integer NOT NULL DEFAULT 0,
  revised_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (subscription_id, scheduled_for)
);
CREATE INDEX subscription_runs_due ON reports.subscription_runs (due_at)
  WHERE state = 'waiting' OR revisions_left > 0;

-- migrate:down
DROP TABLE reports.subscription_runs;
DROP TABLE reports.subscriptions;
