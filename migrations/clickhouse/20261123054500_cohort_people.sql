-- migrate:up
-- The people of a cohort as one refresh found them at its watermark `as_of`. `version` is
-- one attempt: control.cohort_refreshes says which of them are whole and may be read.
-- Partitions are days, so that removing old versions rewrites little.
CREATE TABLE cohort_people (
  project_id  UInt32,
  cohort      UUID,
  version     UUID,
  as_of       DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  person      UInt64
)
ENGINE = MergeTree PARTITION BY toDate(as_of)
ORDER BY (project_id, cohort, version, person);

-- migrate:down
DROP TABLE cohort_people;
