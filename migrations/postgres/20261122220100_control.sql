-- migrate:up
-- Owned by analytics-api: projects and their keys.
CREATE SCHEMA control;

-- A project id is random, fits UInt32, and is never given out twice: a deleted project
-- keeps its row, so that no tenant can ever be shown another's events.
CREATE TABLE control.projects (
  id          bigint PRIMARY KEY CHECK (id BETWEEN 1 AND 4294967295),
  name        text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  timezone    text NOT NULL DEFAULT 'UTC',
  created_at  timestamptz NOT NULL DEFAULT now(),
  deleted_at  timestamptz
);

-- Every change of a key takes the next revision while it holds this row, so that a
-- reader who asks "what changed since n" can never miss a change that commits late.
CREATE TABLE control.key_revision (
  singleton  boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  revision   bigint NOT NULL
);
INSERT INTO control.key_revision (revision) VALUES (0);

CREATE TABLE control.keys (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  project_id    bigint NOT NULL REFERENCES control.projects (id),
  kind          text NOT NULL CHECK (kind IN ('write', 'secret')),
  name          text NOT NULL DEFAULT '',
  scopes        text[] NOT NULL DEFAULT '{}',
  prefix        text NOT NULL,
  hash          bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
  revision      bigint NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  expires_at    timestamptz,
  revoked_at    timestamptz,
  last_used_at  timestamptz,
  rotated_to    uuid REFERENCES control.keys (id)
);
CREATE INDEX keys_by_project ON control.keys (project_id);
CREATE INDEX keys_by_revision ON control.keys (revision);

-- migrate:down
DROP SCHEMA control CASCADE;
