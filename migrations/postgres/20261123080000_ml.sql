-- migrate:up
-- Owned by ml-inference: models, their versions, and who answers.
CREATE SCHEMA ml;

-- One row, raised by every change that a serving process must follow; NOTIFY ml_changed.
CREATE TABLE ml.revision (
  one       boolean PRIMARY KEY DEFAULT true CHECK (one),
  revision  bigint NOT NULL
);
INSERT INTO ml.revision (revision) VALUES (0);

CREATE TABLE ml.models (
  project_id          bigint NOT NULL,
  name                text NOT NULL,
  description         text NOT NULL DEFAULT '',
  -- percent of entities that the challenger answers; the champion has the rest
  challenger_percent  integer NOT NULL DEFAULT 0
    CHECK (challenger_percent BETWEEN 0 AND 100),
  -- the number the next version gets; never given twice, not even after a removal
  next_version        integer NOT NULL DEFAULT 1,
  created_by          text NOT NULL,
  created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (project_id, name)
);

-- Immutable but for `loaded`, `metrics` and `quality`, which say what became of it.
CREATE TABLE ml.versions (
  id          uuid PRIMARY KEY,
  project_id  bigint NOT NULL,
  model       text NOT NULL,
  version     integer NOT NULL,
  -- hex; the object is models/<sha256>.onnx
  sha256      text NOT NULL,
  bytes       bigint NOT NULL,
  -- {"inputs": [{name, datatype, shape}], "outputs": [...]}
  signature   jsonb NOT NULL,
  -- what the file says of itself: ir version, opset by domain, operators and their counts, producer
  inspection  jsonb NOT NULL,
  -- key of the object with inputs and outputs of golden rows; null: none
  golden      text,
  tolerance   double precision NOT NULL,
  -- batching, limits, instances as they were asked for
  settings    jsonb NOT NULL,
  -- what it was made of: job, data, cut, features, trainer
  lineage     jsonb NOT NULL,
  -- as measured when it was made
  metrics     jsonb NOT NULL,
  -- feature specs, reference histograms, contributions: what scoring and drift need
  reference   jsonb NOT NULL,
  -- what was measured since, newest first, bounded
  quality     jsonb NOT NULL DEFAULT '[]',
  -- ready on every process even without an alias
  loaded      boolean NOT NULL DEFAULT false,
  -- until then ready on every process as well: while it is promoted
  warm_until  timestamptz,
  created_by  text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (project_id, model, version),
  FOREIGN KEY (project_id, model) REFERENCES ml.models ON DELETE CASCADE
);
CREATE INDEX versions_of_artifact ON ml.versions (sha256);

CREATE TABLE ml.aliases (
  project_id  bigint NOT NULL,
  model       text NOT NULL,
  alias       text NOT NULL CHECK (alias IN ('champion', 'challenger', 'shadow')),
  version     integer NOT NULL,
  -- raised by every change; what compare-and-set compares
  revision    bigint NOT NULL,
  updated_by  text NOT NULL,
  updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (project_id, model, alias),
  FOREIGN KEY (project_id, model, version)
    REFERENCES ml.versions (project_id, model, version) ON DELETE CASCADE
);

-- What was done to a model, by whom; outlives the model.
CREATE TABLE ml.audit (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  project_id  bigint NOT NULL,
  model       text NOT NULL,
  version     integer,
  actor       text NOT NULL,
  action      text NOT NULL,
  details     jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_of_model ON ml.audit (project_id, model, id);

-- Uploaded files; one that no version names goes away after a day.
CREATE TABLE ml.artifacts (
  project_id   bigint NOT NULL,
  sha256       text NOT NULL,
  bytes        bigint NOT NULL,
  uploaded_by  text NOT NULL,
  uploaded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (project_id, sha256)
);

-- migrate:down
DROP SCHEMA ml CASCADE;
