-- migrate:up
-- Why the people of an undone link could not be written, of an undo that was given up: it is
-- done as far as the watermark is concerned, and can be asked for again.
ALTER TABLE ingest.link_undos ADD COLUMN parked text;

-- migrate:down
ALTER TABLE ingest.link_undos DROP COLUMN parked;
