-- migrate:up
-- Links that somebody undid. `ingest.links.undone_at` is written in the same transaction
-- and is the same instant: from then on, as of what is known, the link counts no more.
-- The watermark stays below `known_at` until `done_at`: until the people of the link are
-- written anew. Ids grow in the order of commits, because they are taken while the row of
-- `ingest.watermark` is held.
CREATE TABLE ingest.link_undos (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id  bigint NOT NULL,
  kind        text NOT NULL,
  from_id     text NOT NULL,
  to_id       text NOT NULL,
  known_at    timestamptz NOT NULL,
  done_at     timestamptz
);
CREATE INDEX link_undos_open ON ingest.link_undos (known_at) WHERE done_at IS NULL;

-- migrate:down
DROP TABLE ingest.link_undos;
