-- migrate:up
-- Who was put on or taken off a static list of people, and when: the newest row of an id
-- at or below the watermark decides, so that answers as of an earlier moment repeat.
CREATE TABLE cohort_ids (
  project_id  UInt32,
  cohort      UUID,
  id_hash     UInt64,
  changed_at  DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  is_member   UInt8
)
ENGINE = MergeTree ORDER BY (project_id, cohort, id_hash, changed_at)
SETTINGS non_replicated_deduplication_window = 1000;

-- migrate:down
DROP TABLE cohort_ids;
