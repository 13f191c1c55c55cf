-- migrate:up
-- Owned by data-ingestion: the durable inbox, what the loader did with it, and the
-- ledgers behind accounting and identity.
CREATE SCHEMA ingest;

-- One row per micro-batch, shard and lane. `frame` is a zstd frame of NDJSON, one
-- InboxEvent a line (libs/data-processing/src/InboxEvent.ts). No default partition:
-- DETACH CONCURRENTLY refuses to work beside one.
CREATE TABLE ingest.inbox (
  received_at     timestamptz NOT NULL DEFAULT now(),
  id              bigint NOT NULL,
  shard           smallint NOT NULL,
  lane            text NOT NULL CHECK (lane IN ('live', 'bulk')),
  events          integer NOT NULL CHECK (events > 0),
  bytes           integer NOT NULL,
  project_ids     bigint[] NOT NULL,
  project_counts  integer[] NOT NULL,
  -- months of its events, `{202503}`; at most 50, as a batch may have no more
  months          integer[] NOT NULL DEFAULT '{}',
  traceparent     text,
  frame           bytea NOT NULL,
  batch_id        bigint,
  PRIMARY KEY (received_at, id)
) PARTITION BY RANGE (received_at);
ALTER TABLE ingest.inbox ALTER COLUMN frame SET STORAGE EXTERNAL;
CREATE INDEX inbox_by_id ON ingest.inbox (id);
CREATE INDEX inbox_unsealed ON ingest.inbox (shard, lane, id) WHERE batch_id IS NULL;

-- Events acknowledged, counted in the transaction that made them durable. One row per
-- writer and project, so that concurrent commits never wait for each other.
CREATE TABLE ingest.accepted (
  project_id  bigint NOT NULL,
  writer      text NOT NULL,
  events      bigint NOT NULL,
  PRIMARY KEY (project_id, writer)
) WITH (fillfactor = 50);

-- Which loader shard owns each of the 64 virtual shards, and who may write for it:
-- taking a shard raises its epoch, and every write of a loader checks the epoch.
CREATE TABLE ingest.shards (
  shard     smallint PRIMARY KEY,
  epoch     bigint NOT NULL DEFAULT 0,
  owner     text,
  taken_at  timestamptz
);
INSERT INTO ingest.shards (shard) VALUES (0);
CREATE TABLE ingest.shard_map (
  virtual_shard  smallint PRIMARY KEY CHECK (virtual_shard BETWEEN 0 AND 63),
  shard          smallint NOT NULL REFERENCES ingest.shards (shard)
);
INSERT INTO ingest.shard_map SELECT v, 0 FROM generate_series(0, 63) AS v;

-- The newest watermark ever told to anybody. A seal takes a known_at above it while it
-- holds the row, so that a published watermark never covers an event sealed later.
CREATE TABLE ingest.watermark (
  singleton  boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  published  timestamptz NOT NULL
);
INSERT INTO ingest.watermark (published) VALUES ('1970-01-01T00:00:00Z');

-- A batch is an explicit, immutable list of inbox rows.
CREATE TABLE ingest.batches (
  batch_id        bigint PRIMARY KEY,
  shard           smallint NOT NULL REFERENCES ingest.shards (shard),
  lane            text NOT NULL,
  epoch           bigint NOT NULL,
  parser_version  integer NOT NULL,
  known_at        timestamptz NOT NULL,
  inbox_ids       bigint[] NOT NULL,
  received_from   timestamptz NOT NULL,
  received_to     timestamptz NOT NULL,
  events          integer NOT NULL,
  attempts        integer NOT NULL DEFAULT 0,
  -- Events the store refused for their data: [{"inboxId": "…", "index": 0, "reason": "…"}]
  poison          jsonb NOT NULL DEFAULT '[]',
  -- One entry per POST: [{"partition": 202503, "rows": 10, "queryId": "…"}]
  posts           jsonb NOT NULL DEFAULT '[]',
  sealed_at       timestamptz NOT NULL DEFAULT now(),
  done_at         timestamptz
);
CREATE INDEX batches_open ON ingest.batches (shard, known_at) WHERE done_at IS NULL;

-- What became of acknowledged events, moved in the transaction that marks a batch done.
-- outcome: stored, duplicate, quarantined, dropped, erased, expired.
CREATE TABLE ingest.outcomes (
  project_id  bigint NOT NULL,
  outcome     text NOT NULL,
  reason      text NOT NULL DEFAULT '',
  events      bigint NOT NULL,
  PRIMARY KEY (project_id, outcome, reason)
) WITH (fillfactor = 50);

CREATE TABLE ingest.quarantine (
  id           bigint PRIMARY KEY,
  project_id   bigint NOT NULL,
  message_id   text NOT NULL,
  reason       text NOT NULL,
  detail       text NOT NULL,
  event        text NOT NULL,
  received_at  timestamptz NOT NULL,
  batch_id     bigint NOT NULL,
  replayed_at  timestamptz,
  UNIQUE (batch_id, id)
);
CREATE INDEX quarantine_by_message ON ingest.quarantine (project_id, message_id);
CREATE INDEX quarantine_by_project ON ingest.quarantine (project_id, id);

-- An id may be 4 KB long, which a btree entry cannot hold. Postgres calls convert_to only
-- stable, although it never changes in a UTF-8 database.
CREATE FUNCTION ingest.id_key(id text) RETURNS bytea
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN sha256(convert_to(id, 'UTF8'));

-- The identity ledger: who was tied to whom, when, by which message. Append-only; an
-- undone link keeps its row. `claim`: `from_id` (anonymous) belongs to `to_id` (user).
-- `alias`: both are one person. Only the first sight of a pair and earlier ones are kept.
CREATE TABLE ingest.links (
  project_id  bigint NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('claim', 'alias')),
  from_id     text NOT NULL,
  to_id       text NOT NULL,
  timestamp   timestamptz NOT NULL,
  message_id  text NOT NULL,
  known_at    timestamptz NOT NULL,
  batch_id    bigint NOT NULL,
  undone_at   timestamptz,
  from_key    bytea GENERATED ALWAYS AS (ingest.id_key(from_id)) STORED,
  to_key      bytea GENERATED ALWAYS AS (ingest.id_key(to_id)) STORED,
  PRIMARY KEY (project_id, from_key, to_key, kind, timestamp, message_id)
);
CREATE INDEX links_by_to ON ingest.links (project_id, to_key);

-- migrate:down
DROP SCHEMA ingest CASCADE;
