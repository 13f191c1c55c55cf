-- migrate:up
-- Owned by data-ingestion: what project settings leave behind.

-- Receipts of events that were dropped; they say only which and why, and go after a week.
CREATE TABLE ingest.dropped (
  project_id   bigint NOT NULL,
  message_id   text NOT NULL,
  reason       text NOT NULL,
  timestamp    timestamptz NOT NULL,
  received_at  timestamptz NOT NULL,
  batch_id     bigint NOT NULL,
  dropped_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX dropped_by_message ON ingest.dropped (project_id, message_id);
CREATE INDEX dropped_by_time ON ingest.dropped (dropped_at);

-- Events that did not fit the schema of their project, counted; at most 1000 rows of a
-- project, the last of which ('', '') counts all others.
CREATE TABLE ingest.schema_violations (
  project_id     bigint NOT NULL,
  event          text NOT NULL,
  property       text NOT NULL,
  problem        text NOT NULL,
  events         bigint NOT NULL,
  last_message   text NOT NULL,
  first_seen_at  timestamptz NOT NULL DEFAULT now(),
  last_seen_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, event, property, problem)
) WITH (fillfactor = 50);

-- How many events each project had had when a month began: quotas count from there.
-- Project 0 marks a month as begun.
CREATE TABLE ingest.month_starts (
  month       date NOT NULL,
  project_id  bigint NOT NULL,
  events      bigint NOT NULL,
  PRIMARY KEY (month, project_id)
);

-- Deleted projects, for ever: their events are dropped from `requested_at` on, and those
-- stored before are removed.
CREATE TABLE ingest.purges (
  project_id    bigint PRIMARY KEY,
  requested_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- when the event store was last told to remove its rows
  removed_at    timestamptz,
  -- when nothing of it was left and its ledger was settled
  done_at       timestamptz,
  events        bigint NOT NULL DEFAULT 0
);

-- The deleted projects of its rows: what a batch drops never changes after its seal.
ALTER TABLE ingest.batches ADD COLUMN deleted_projects bigint[] NOT NULL DEFAULT '{}';

-- migrate:down
ALTER TABLE ingest.batches DROP COLUMN deleted_projects;
DROP TABLE ingest.purges;
DROP TABLE ingest.month_starts;
DROP TABLE ingest.schema_violations;
DROP TABLE ingest.dropped;
