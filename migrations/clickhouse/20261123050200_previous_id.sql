-- migrate:up
-- Whom an alias names beside its user, so that events that leave can come back.
ALTER TABLE events ADD COLUMN previous_id String CODEC(ZSTD(1)) AFTER anonymous_id;

-- migrate:down
ALTER TABLE events DROP COLUMN previous_id;
