-- migrate:up
-- What became known in a while, of any time: each granule of a day's events was known within
-- hours of that day but for late ones, so that whether a kept answer still holds opens few.
ALTER TABLE events ADD INDEX IF NOT EXISTS by_known known_at TYPE minmax GRANULARITY 1;

-- In the background, part by part; until then a part is read without it.
ALTER TABLE events MATERIALIZE INDEX by_known;

-- migrate:down
ALTER TABLE events DROP INDEX IF EXISTS by_known;
