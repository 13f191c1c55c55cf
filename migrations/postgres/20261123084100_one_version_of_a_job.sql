-- migrate:up
-- A job that is broken off while its version is made asks again: only one of both is kept.
CREATE UNIQUE INDEX one_version_of_a_job ON ml.versions
  (project_id, model, (lineage ->> 'job'))
  WHERE lineage ->> 'job' IS NOT NULL;

-- migrate:down
DROP INDEX ml.one_version_of_a_job;
