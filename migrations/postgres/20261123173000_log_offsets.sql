-- migrate:up
-- Owned by data-ingestion: how far loaders have moved on what a log other than the inbox
-- holds. Changed in the transaction that writes the inbox rows, so that each frame becomes
-- rows once, whoever copies it and however often.
CREATE TABLE ingest.log_offsets (
  topic          text NOT NULL,
  log_partition  integer NOT NULL,
  -- The first one that is not in the inbox.
  next_offset    bigint NOT NULL DEFAULT 0,
  -- Frames that the log had removed before they were copied.
  lost           bigint NOT NULL DEFAULT 0,
  copied_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, log_partition)
);

-- migrate:down
DROP TABLE ingest.log_offsets;
