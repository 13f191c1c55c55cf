-- migrate:up
-- Alerts: what is watched, what each bucket of time was judged to be, and what was said.
CREATE TABLE reports.alerts (
  id uuid PRIMARY KEY,
  project_id bigint NOT NULL,
  -- as people gave it, with what was left out filled in
  definition jsonb NOT NULL,
  -- grows with every change: an evaluation of what was before is not written
  version integer NOT NULL DEFAULT 1,
  phase text NOT NULL DEFAULT 'ok' CHECK (phase IN ('ok', 'firing')),
  -- how often it fired; names the transition that a notice is about
  episode integer NOT NULL DEFAULT 0,
  -- whether this episode was told, and when the last one was
  told boolean NOT NULL DEFAULT false,
  told_at timestamptz,
  fired_bucket timestamptz,
  acknowledged_at timestamptz,
  acknowledged_by text,
  muted_until timestamptz,
  paused_at timestamptz,
  -- start of the first bucket that was not judged yet
  next_bucket timestamptz NOT NULL,
  next_at timestamptz NOT NULL,
  failing_since timestamptz,
  failure text,
  attempts integer NOT NULL DEFAULT 0,
  outage integer NOT NULL DEFAULT 0,
  outage_told boolean NOT NULL DEFAULT false,
  lease_until timestamptz,
  -- of the process that holds the lease; its writes check it
  epoch bigint NOT NULL DEFAULT 0,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX alerts_due ON reports.alerts (next_at) WHERE paused_at IS NULL;
CREATE INDEX alerts_by_project ON reports.alerts (project_id, id);

-- One row for each bucket; one for all buckets of a gap that was not judged.
CREATE TABLE reports.alert_evaluations (
  alert_id uuid NOT NULL REFERENCES reports.alerts ON DELETE CASCADE,
  project_id bigint NOT NULL,
  bucket timestamptz NOT NULL,
  bucket_end timestamptz NOT NULL,
  label text NOT NULL,
  value double precision,
  expected double precision,
  verdict text NOT NULL CHECK (verdict IN ('ok', 'breach', 'unknown', 'skipped')),
  reason text NOT NULL,
  -- of the alert that judged: late data is judged anew by the same rule alone
  version integer NOT NULL,
  -- what the alert was after it
  phase text NOT NULL,
  -- the watermark of the numbers
  as_of timestamptz,
  evaluated_at timestamptz NOT NULL,
  -- what was judged before late data came: [{value, verdict, reason, asOf, evaluatedAt}]
  revisions jsonb NOT NULL DEFAULT '[]',
  -- another interval may have a bucket that begins at the same instant
  PRIMARY KEY (alert_id, bucket, bucket_end)
);

CREATE TABLE reports.alert_notices (
  id uuid PRIMARY KEY,
  alert_id uuid NOT NULL REFERENCES reports.alerts ON DELETE CASCADE,
  project_id bigint NOT NULL,
  -- the transition it is about: `fired:3`, `resolved:3`, `late:<ms>`, `outage:1` …
  key text NOT NULL,
  kind text NOT NULL,
  at timestamptz NOT NULL,
  content jsonb NOT NULL,
  -- from when on it may be sent, and what holds it until then
  due_at timestamptz NOT NULL,
  held_by text,
  sent_at timestamptz,
  -- the notice that spoke for all that were sent with it
  message uuid,
  attempts integer NOT NULL DEFAULT 0,
  failure text,
  UNIQUE (alert_id, key)
);
CREATE INDEX alert_notices_due ON reports.alert_notices (due_at) WHERE sent_at IS NULL;
CREATE INDEX alert_notices_by_alert ON reports.alert_notices (alert_id, id);

-- migrate:down
DROP TABLE reports.alert_notices;
DROP TABLE reports.alert_evaluations;
DROP TABLE reports.alerts;
