-- migrate:up
-- What queries leave out until it is gone from `events`: one row for each id of a person,
-- or one for a range of time. Written by data-ingestion before a removal is answered,
-- removed with the rows it names. The same row twice says the same as one.
CREATE TABLE removals (
  project_id      UInt32,
  removal         UUID,
  is_range        UInt8,
  id_hash         UInt64,
  from_at         DateTime64(3, 'UTC'),
  to_at           DateTime64(3, 'UTC'),
  received_until  DateTime64(3, 'UTC'),
  known_until     DateTime64(3, 'UTC')
)
ENGINE = MergeTree ORDER BY (project_id, is_range, id_hash);

-- migrate:down
DROP TABLE removals;
