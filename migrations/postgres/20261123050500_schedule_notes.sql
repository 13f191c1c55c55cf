-- migrate:up
-- What became of runs that were left out, and the ways to find a schedule's jobs.
ALTER TABLE jobs.schedules
  -- runs left out since the schedule was made
  ADD COLUMN skipped_runs bigint NOT NULL DEFAULT 0,
  -- {"from", "to" (ms since 1970), "runs", "reason", "at"}: the last that were left out
  ADD COLUMN last_skipped jsonb;
CREATE INDEX schedules_by_project ON jobs.schedules (project_id, id);
CREATE INDEX jobs_by_schedule ON jobs.jobs (schedule_id, id)
  WHERE schedule_id IS NOT NULL;
CREATE INDEX jobs_open_of_schedule ON jobs.jobs (schedule_id)
  WHERE schedule_id IS NOT NULL AND state IN ('queued', 'running', 'cancelling');

-- migrate:down
DROP INDEX jobs.jobs_open_of_schedule;
DROP INDEX jobs.jobs_by_schedule;
DROP INDEX jobs.schedules_by_project;
ALTER TABLE jobs.schedules DROP COLUMN last_skipped, DROP COLUMN skipped_runs;
