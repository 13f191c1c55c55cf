-- migrate:up
-- Changes outside of events that take effect at `known_at`: the watermark stays below it
-- while the row is there and has not expired. Whoever took it deletes it when the change is
-- written.
CREATE TABLE ingest.watermark_holds (
  id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  known_at    timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL
);

-- migrate:down
DROP TABLE ingest.watermark_holds;
