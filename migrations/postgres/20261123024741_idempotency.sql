-- migrate:up
-- Writes that were sent with an Idempotency-Key, and what was answered, for a day. The
-- answer is encrypted by a key made from the caller's own bearer key, which is not stored:
-- answers may hold secrets that are shown once.
CREATE TABLE control.idempotency (
  -- SHA-256 of the bearer key, and of the method, path and body.
  caller        bytea NOT NULL CHECK (octet_length(caller) = 32),
  key           text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
  request_hash  bytea NOT NULL CHECK (octet_length(request_hash) = 32),
  created_at    timestamptz NOT NULL DEFAULT now(),
  -- Null while the first request runs.
  answer        bytea,
  PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_by_time ON control.idempotency USING brin (created_at);

-- migrate:down
DROP TABLE control.idempotency;
