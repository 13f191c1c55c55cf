-- migrate:up
-- Owned by analytics-api. `definition` is JSON kept as text: a value may hold what jsonb
-- refuses. Members of static lists are in ClickHouse (cohort_ids).
CREATE TABLE control.cohorts (
  id                  uuid PRIMARY KEY,
  project_id          bigint NOT NULL REFERENCES control.projects (id),
  name                text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  definition          text NOT NULL,
  created_at          timestamptz NOT NULL DEFAULT now(),
  updated_at          timestamptz NOT NULL DEFAULT now(),
  -- The last change of a list's members; each takes a later one.
  members_changed_at  timestamptz NOT NULL DEFAULT '1970-01-01T00:00:00Z'
);
CREATE INDEX cohorts_by_project ON control.cohorts (project_id, id);

-- migrate:down
DROP TABLE control.cohorts;
