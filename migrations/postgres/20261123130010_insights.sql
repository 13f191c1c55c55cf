-- migrate:up
-- Owned by analytics-api: saved questions. `query` and `chart` are JSON kept as text: a value
-- may hold what jsonb refuses. A row says what its newest version says.
CREATE TABLE control.insights (
  id           uuid PRIMARY KEY,
  project_id   bigint NOT NULL REFERENCES control.projects (id),
  version      integer NOT NULL DEFAULT 1,
  name         text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  description  text NOT NULL,
  query        text NOT NULL,
  chart        text NOT NULL,
  -- The id of a key.
  created_by   text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_by   text NOT NULL,
  updated_at   timestamptz NOT NULL DEFAULT now(),
  -- What refers to an insight refers to one of its own project.
  UNIQUE (project_id, id)
);

-- Never changed once written.
CREATE TABLE control.insight_versions (
  insight      uuid NOT NULL REFERENCES control.insights (id) ON DELETE CASCADE,
  version      integer NOT NULL,
  project_id   bigint NOT NULL,
  name         text NOT NULL,
  description  text NOT NULL,
  query        text NOT NULL,
  chart        text NOT NULL,
  created_by   text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (insight, version)
);
CREATE INDEX insight_versions_by_project ON control.insight_versions (project_id);

-- migrate:down
DROP TABLE control.insight_versions;
DROP TABLE control.insights;
