-- migrate:up
-- Which person an id hash stands for, from `known_at` on; ids not listed stand for
-- themselves. The newest row at or below the watermark decides: by known_at, then version.
CREATE TABLE person_links (
  project_id  UInt32,
  id_hash     UInt64,
  person      UInt64,
  known_at    DateTime64(3, 'UTC'),
  version     UInt64
)
ENGINE = MergeTree ORDER BY (project_id, id_hash, known_at);

-- migrate:down
DROP TABLE person_links;
