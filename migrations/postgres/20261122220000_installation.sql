-- migrate:up
-- One row for ever: the identity of this installation and the secret that keys every
-- id hash. The migration runner writes it once, and the same id into ClickHouse;
-- services refuse to start when the two stores disagree (exactness rules 1 and 16).
CREATE TABLE public.installation (
  singleton    boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  id           uuid NOT NULL DEFAULT gen_random_uuid(),
  id_hash_key  bytea NOT NULL CHECK (octet_length(id_hash_key) = 16),
  created_at   timestamptz NOT NULL DEFAULT now()
);

-- migrate:down
DROP TABLE public.installation;
