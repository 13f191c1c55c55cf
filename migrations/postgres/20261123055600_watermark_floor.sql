-- migrate:up
-- What is sealed from now on is above it, as above what was published, but nobody was told
-- so: it parts the batches that a snapshot of the ledger knows from all later ones, while
-- some of the earlier may still be open.
ALTER TABLE ingest.watermark
  ADD COLUMN floor timestamptz NOT NULL DEFAULT '1970-01-01T00:00:00Z';

-- migrate:down
ALTER TABLE ingest.watermark DROP COLUMN floor;
