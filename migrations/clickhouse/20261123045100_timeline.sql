-- migrate:up
-- Reading whole properties opens every stream of both maps in every part, which cost more
-- than the rows: 5 streams for each of 64 buckets. Now a map has about as many buckets as
-- keys (at most 32), and texts no stream of their sizes. Parts change as they are merged.
-- Projections take no codecs from the columns, so that the default is what they get.
ALTER TABLE events MODIFY SETTING
  string_serialization_version = 'single_stream',
  map_buckets_strategy = 'linear',
  map_buckets_coefficient = 1,
  default_compression_codec = 'ZSTD(1)';

-- What decides whether an event is on a person's timeline, and all of a profile but its
-- traits. Few rows are read of it, so that its granules are small.
ALTER TABLE events ADD PROJECTION IF NOT EXISTS p_timeline (
  SELECT project_id, id_hash, timestamp, event, type, message_id, known_at, is_bot,
    user_id, anonymous_id
  ORDER BY project_id, id_hash, timestamp
) WITH SETTINGS (index_granularity = 1024);

-- In the background, part by part; until then a part is read without it.
ALTER TABLE events MATERIALIZE PROJECTION p_timeline;

ALTER TABLE events DROP PROJECTION IF EXISTS p_person;

-- migrate:down
ALTER TABLE events ADD PROJECTION IF NOT EXISTS p_person (
  SELECT project_id, id_hash, timestamp, event, message_id
  ORDER BY project_id, id_hash, timestamp
);

ALTER TABLE events MATERIALIZE PROJECTION p_person;

ALTER TABLE events DROP PROJECTION IF EXISTS p_timeline;

ALTER TABLE events RESET SETTING
  string_serialization_version, map_buckets_coefficient, default_compression_codec;

ALTER TABLE events MODIFY SETTING map_buckets_strategy = 'constant';
