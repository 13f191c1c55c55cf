-- migrate:up
-- Owned by data-ingestion: people and ranges of time that are erased, or have expired. A
-- row stays for ever, because an inbox or a backup that is replayed may hold their events.
CREATE TABLE ingest.removals (
  -- Grows in the order of commits: taken while the row of ingest.watermark is held.
  seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id            uuid NOT NULL UNIQUE,
  -- the removal whose person turned out to have these ids, too
  parent        uuid,
  project_id    bigint NOT NULL,
  kind          text NOT NULL CHECK (kind IN ('person', 'range', 'expiry')),
  -- of a person, emptied once nothing of it is left
  ids           text[] NOT NULL DEFAULT '{}',
  -- the same as `events.id_hash`, as signed numbers
  id_hashes     bigint[] NOT NULL DEFAULT '{}',
  from_at       timestamptz,
  to_at         timestamptz,
  -- what was received by then is removed
  requested_at  timestamptz NOT NULL,
  -- links of the ids that were known before tie nobody any more
  known_at      timestamptz NOT NULL,
  -- what was found, by place; {"events": 12}
  counts        jsonb NOT NULL DEFAULT '{}',
  -- when queries of every process left it out
  hidden_at     timestamptz,
  -- when the event store was first told to remove its rows
  removed_at    timestamptz,
  done_at       timestamptz,
  CHECK (kind = 'person' OR from_at < to_at)
);
CREATE INDEX removals_of_project ON ingest.removals (project_id, seq);
CREATE INDEX removals_open ON ingest.removals (seq) WHERE done_at IS NULL;

-- Ids of open removals, for whoever adds links.
CREATE TABLE ingest.removed_ids (
  project_id  bigint NOT NULL,
  id_key      bytea NOT NULL,
  removal     uuid NOT NULL,
  known_at    timestamptz NOT NULL,
  PRIMARY KEY (project_id, id_key, removal)
);

-- Links of those ids, out of the ledger, until it is known whether they name further ids.
CREATE TABLE ingest.removed_links (
  project_id  bigint NOT NULL,
  kind        text NOT NULL,
  from_id     text NOT NULL,
  to_id       text NOT NULL,
  timestamp   timestamptz NOT NULL,
  message_id  text NOT NULL,
  known_at    timestamptz NOT NULL,
  undone_at   timestamptz
);
CREATE INDEX removed_links_of_project ON ingest.removed_links (project_id);

-- The removals that a batch knows of: what it leaves out never changes after its seal.
ALTER TABLE ingest.batches ADD COLUMN removals_to bigint NOT NULL DEFAULT 0;

-- migrate:down
ALTER TABLE ingest.batches DROP COLUMN removals_to;
DROP TABLE ingest.removed_links;
DROP TABLE ingest.removed_ids;
DROP TABLE ingest.removals;
