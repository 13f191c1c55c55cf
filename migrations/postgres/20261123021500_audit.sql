-- migrate:up
-- Who read and wrote what. Written in batches beside the requests, so an entry may lack
-- after a crash; what could not be written is counted by a metric.
CREATE TABLE control.audit (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at          timestamptz NOT NULL,
  actor       text NOT NULL,
  -- Null is the installation itself. No foreign key: the audit outlives what it tells of.
  project_id  bigint,
  action      text NOT NULL,
  target      text,
  kind        text,
  query_hash  text,
  status      integer NOT NULL,
  rows_read   bigint,
  bytes_read  bigint,
  elapsed_ms  bigint
);
CREATE INDEX audit_by_project ON control.audit (project_id, id);
CREATE INDEX audit_by_time ON control.audit USING brin (at);

-- migrate:down
DROP TABLE control.audit;
