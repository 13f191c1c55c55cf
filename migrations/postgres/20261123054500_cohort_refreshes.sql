-- migrate:up
-- Owned by analytics-api. One row for each attempt to materialise a cohort; its people are
-- in ClickHouse (cohort_people). Not of `cohorts`: what is left of a deleted cohort has to
-- be found.
CREATE TABLE control.cohort_refreshes (
  version          uuid PRIMARY KEY,
  project_id       bigint NOT NULL,
  cohort           uuid NOT NULL,
  -- Who asked; repeating it is answered by the attempt that succeeded.
  refresh_id       uuid NOT NULL,
  definition_hash  text NOT NULL,
  state            text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  owner            uuid NOT NULL,
  -- The watermark of the members.
  as_of            timestamptz NOT NULL,
  started_at       timestamptz NOT NULL DEFAULT now(),
  heartbeat_at     timestamptz NOT NULL DEFAULT now(),
  lease_until      timestamptz NOT NULL,
  ended_at         timestamptz,
  people           bigint,
  -- Queries as of this moment and later may use it: above every watermark told before.
  effective_at     timestamptz,
  failure          text,
  -- No query begins to read it from then on; an hour later its people are removed.
  retired_at       timestamptz,
  swept_at         timestamptz,
  CHECK (state <> 'done' OR (people IS NOT NULL AND effective_at IS NOT NULL))
);
CREATE UNIQUE INDEX cohort_refreshes_running
  ON control.cohort_refreshes (cohort) WHERE state = 'running';
CREATE UNIQUE INDEX cohort_refreshes_done
  ON control.cohort_refreshes (cohort, refresh_id) WHERE state = 'done';
CREATE INDEX cohort_refreshes_of_cohort
  ON control.cohort_refreshes (cohort, started_at DESC);
CREATE INDEX cohort_refreshes_of_project ON control.cohort_refreshes (project_id);

-- How old the materialised members may be that a query uses; null: they are computed.
ALTER TABLE control.cohorts ADD COLUMN max_age_seconds integer
  CHECK (max_age_seconds BETWEEN 60 AND 2592000);

-- migrate:down
ALTER TABLE control.cohorts DROP COLUMN max_age_seconds;
DROP TABLE control.cohort_refreshes;
