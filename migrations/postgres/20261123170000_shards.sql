-- migrate:up
-- Owned by data-ingestion: several shards, and virtual shards that move between them.

-- The number of the shard map. Who commits inbox rows names the one they were made by.
CREATE TABLE ingest.shard_map_version (
  singleton  boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  version    integer NOT NULL
);
INSERT INTO ingest.shard_map_version (version) VALUES (1);

-- What changed with each version, for ever: a shard loads rows of a version once those it
-- got virtual shards from have done all of earlier ones.
CREATE TABLE ingest.shard_moves (
  version        integer NOT NULL,
  virtual_shard  smallint NOT NULL CHECK (virtual_shard BETWEEN 0 AND 63),
  from_shard     smallint NOT NULL REFERENCES ingest.shards (shard),
  to_shard       smallint NOT NULL REFERENCES ingest.shards (shard),
  moved_at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (version, virtual_shard)
);
CREATE INDEX shard_moves_to ON ingest.shard_moves (to_shard, version);

ALTER TABLE ingest.inbox ADD COLUMN map_version integer NOT NULL DEFAULT 1;
-- The oldest one of its rows.
ALTER TABLE ingest.batches ADD COLUMN map_version integer NOT NULL DEFAULT 1;

-- No row gets in by an outdated map, whoever writes it. The lock, shared by all commits,
-- makes a change of the map wait for those under way; it is taken before the version is
-- looked at with a snapshot of its own. 'AN001' says that nothing was committed.
CREATE FUNCTION ingest.check_map_version() RETURNS trigger
  LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext('ingest.shard_map'));
  IF NEW.map_version IS DISTINCT FROM (SELECT version FROM ingest.shard_map_version) THEN
    RAISE EXCEPTION 'there is a newer shard map than %', NEW.map_version
      USING ERRCODE = 'AN001';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER check_map_version BEFORE INSERT ON ingest.inbox
  FOR EACH ROW EXECUTE FUNCTION ingest.check_map_version();

-- migrate:down
DROP TRIGGER check_map_version ON ingest.inbox;
DROP FUNCTION ingest.check_map_version();
ALTER TABLE ingest.batches DROP COLUMN map_version;
ALTER TABLE ingest.inbox DROP COLUMN map_version;
DROP TABLE ingest.shard_moves;
DROP TABLE ingest.shard_map_version;
