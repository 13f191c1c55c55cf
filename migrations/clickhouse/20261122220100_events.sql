-- migrate:up
-- Properties and context are flattened maps: path -> JSON text of the leaf, so that types
-- stay distinct (1 is not "1"), all digits survive and a tenant with thousands of paths
-- costs nobody else anything; reading one key reads one bucket of thirty-two
-- (docs/decisions/0002-properties-as-bucketed-map.md).
CREATE TABLE events (
  project_id       UInt32,
  event            LowCardinality(String),
  type             LowCardinality(String),
  timestamp        DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  received_at      DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  known_at         DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  message_id       String CODEC(ZSTD(1)),
  user_id          String CODEC(ZSTD(1)),
  anonymous_id     String CODEC(ZSTD(1)),
  id_hash          UInt64,
  group_type       LowCardinality(String),
  group_id         String CODEC(ZSTD(1)),
  is_bot           UInt8,
  browser          LowCardinality(String),
  os               LowCardinality(String),
  device           LowCardinality(String),
  country          LowCardinality(String),
  referrer_domain  LowCardinality(String),
  channel          LowCardinality(String),
  utm_source       LowCardinality(String),
  utm_medium       LowCardinality(String),
  utm_campaign     LowCardinality(String),
  utm_term         String CODEC(ZSTD(1)),
  utm_content      String CODEC(ZSTD(1)),
  path             String CODEC(ZSTD(1)),
  props            Map(String, String) CODEC(ZSTD(1)),
  context          Map(String, String) CODEC(ZSTD(1)),
  batch_id         UInt64 CODEC(Delta(8), ZSTD(1)),
  INDEX by_batch batch_id TYPE minmax GRANULARITY 1,
  INDEX by_message message_id TYPE bloom_filter(0.01) GRANULARITY 2,
  PROJECTION p_batch (SELECT batch_id, count() GROUP BY batch_id),
  PROJECTION p_person (
    SELECT project_id, id_hash, timestamp, event, message_id
    ORDER BY project_id, id_hash, timestamp
  ),
  PROJECTION p_counts (
    SELECT project_id, event, is_bot, toStartOfFifteenMinutes(timestamp),
      toStartOfHour(known_at), count()
    GROUP BY project_id, event, is_bot, toStartOfFifteenMinutes(timestamp),
      toStartOfHour(known_at)
  )
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (project_id, event, toDate(timestamp), id_hash, timestamp)
SETTINGS non_replicated_deduplication_window = 10000,
  map_serialization_version = 'with_buckets',
  map_buckets_strategy = 'constant',
  map_buckets_min_avg_size = 0,
  max_buckets_in_map = 32;

-- migrate:down
DROP TABLE events;
