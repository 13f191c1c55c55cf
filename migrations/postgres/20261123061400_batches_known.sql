-- migrate:up
-- The newest of all is asked for while nothing can be sealed, by backups and, project by
-- project, by reconciliations.
CREATE INDEX batches_known ON ingest.batches (known_at);

-- migrate:down
DROP INDEX ingest.batches_known;
