-- migrate:up
-- Every message id ever stored, as a 128-bit hash of (project, messageId). No time
-- horizon: it outlives erasure and retention. Written before the events of its batch.
-- A claim is void once a row with claimed = 0 exists for the same hash and batch.
CREATE TABLE seen (
  hash      UInt128,
  batch_id  UInt64 CODEC(Delta(8), ZSTD(1)),
  claimed   UInt8
)
ENGINE = MergeTree ORDER BY hash
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024;

-- migrate:down
DROP TABLE seen;
