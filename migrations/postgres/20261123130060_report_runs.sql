-- migrate:up
CREATE TABLE reports.definitions (
  id uuid PRIMARY KEY,
  project_id bigint NOT NULL,
  name text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  definition jsonb NOT NULL,
  template text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_by text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX definitions_of_project ON reports.definitions (project_id, id);

CREATE TABLE reports.definition_versions (
  definition_id uuid NOT NULL REFERENCES reports.definitions (id) ON DELETE CASCADE,
  version integer NOT NULL,
  project_id bigint NOT NULL,
  name text NOT NULL,
  definition jsonb NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (definition_id, version)
);

-- The document is an object beside its files, `reports/<project>/<run>/document.json`.
CREATE TABLE reports.runs (
  id uuid PRIMARY KEY,
  project_id bigint NOT NULL,
  -- A run outlives its definition.
  report_id uuid,
  report_version integer,
  name text NOT NULL,
  parameters jsonb NOT NULL,
  formats text[] NOT NULL,
  -- What it was made for (`manual`, `subscription`, …); `key` makes it one run.
  reason text NOT NULL,
  key text,
  state text NOT NULL CHECK (state IN ('running', 'succeeded', 'failed')),
  error text,
  as_of timestamptz,
  -- Of the report's range.
  range_from timestamptz,
  range_to timestamptz,
  -- SHA-256 (hex) of the document: what two runs say is the same when this is.
  document_sha256 text,
  failed_sections integer NOT NULL DEFAULT 0,
  files jsonb NOT NULL DEFAULT '[]',
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  UNIQUE (project_id, key)
);
CREATE INDEX runs_of_project ON reports.runs (project_id, created_at DESC, id DESC);
CREATE INDEX runs_of_report ON reports.runs (report_id, created_at DESC, id DESC);
CREATE INDEX runs_by_age ON reports.runs (created_at);
CREATE INDEX runs_running ON reports.runs (heartbeat_at) WHERE state = 'running';

-- migrate:down
DROP TABLE reports.runs, reports.definition_versions, reports.definitions;
