-- migrate:up
ALTER TABLE reports.subscriptions
  ADD skip_empty boolean NOT NULL DEFAULT false,
  -- How long after it was sent late data is looked for.
  ADD revise_for_seconds integer NOT NULL DEFAULT 0,
  -- Share of a number by which it must differ to be told.
  ADD tolerance double precision NOT NULL DEFAULT 0;
CREATE INDEX subscriptions_of_report ON reports.subscriptions (report_id);
CREATE INDEX subscriptions_of_destinations
  ON reports.subscriptions USING gin (destinations);

ALTER TABLE reports.subscription_runs
  DROP CONSTRAINT subscription_runs_state_check,
  ADD CONSTRAINT subscription_runs_state_check CHECK (state IN
    ('waiting', 'sent', 'skipped', 'failed')),
  -- Revised reports that were sent.
  ADD revisions integer NOT NULL DEFAULT 0,
  ADD revise_until timestamptz,
  ADD requested_by text NOT NULL DEFAULT 'schedule';

-- migrate:down
ALTER TABLE reports.subscription_runs
  DROP COLUMN requested_by,
  DROP COLUMN revise_until,
  DROP COLUMN revisions,
  DROP CONSTRAINT subscription_runs_state_check,
  ADD CONSTRAINT subscription_runs_state_check CHECK (state IN
    ('waiting', 'sent', 'failed')) NOT VALID;
DROP INDEX reports.subscriptions_of_destinations;
DROP INDEX reports.subscriptions_of_report;
ALTER TABLE reports.subscriptions
  DROP COLUMN tolerance,
  DROP COLUMN revise_for_seconds,
  DROP COLUMN skip_empty;
