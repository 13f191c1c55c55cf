-- migrate:up
-- Where reports and alerts go. `settings` may be shown; `secret` is encrypted.
CREATE TABLE reports.destinations (
  id uuid PRIMARY KEY,
  project_id bigint NOT NULL,
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('email', 'slack', 'webhook', 'store')),
  settings jsonb NOT NULL,
  secret text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX destinations_of_project ON reports.destinations (project_id, id);

-- What is said, once, to however many.
CREATE TABLE reports.messages (
  id uuid PRIMARY KEY,
  project_id bigint NOT NULL,
  about text NOT NULL,
  content jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (project_id, about)
);

-- One row for each recipient. The same recipient hears of the same thing once.
CREATE TABLE reports.deliveries (
  id uuid PRIMARY KEY,
  project_id bigint NOT NULL,
  message_id uuid NOT NULL REFERENCES reports.messages ON DELETE CASCADE,
  about text NOT NULL,
  -- What one unsubscribes from: a subscription, an alert.
  topic text NOT NULL,
  destination_id uuid NOT NULL,
  channel text NOT NULL CHECK (channel IN ('email', 'slack', 'webhook', 'store')),
  recipient text NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN
    ('pending', 'sending', 'delivered', 'refused', 'uncertain', 'unsubscribed')),
  detail text,
  attempts integer NOT NULL DEFAULT 0,
  -- Attempts before the last resend, which starts counting anew.
  attempts_before integer NOT NULL DEFAULT 0,
  -- Times it was sent again although it had arrived.
  resends integer NOT NULL DEFAULT 0,
  -- When it is taken up next; of one in somebody's hands, when it is taken from them.
  due_at timestamptz NOT NULL,
  -- Whoever sends holds it by this number.
  epoch bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  settled_at timestamptz,
  UNIQUE (project_id, about, recipient)
);
CREATE INDEX deliveries_due ON reports.deliveries (due_at)
  WHERE state IN ('pending', 'sending');
CREATE INDEX deliveries_of_project ON reports.deliveries (project_id, id);

-- Written before an attempt is made, and settled after it.
CREATE TABLE reports.attempts (
  delivery_id uuid NOT NULL REFERENCES reports.deliveries ON DELETE CASCADE,
  project_id bigint NOT NULL,
  number integer NOT NULL,
  epoch bigint NOT NULL,
  started_at timestamptz NOT NULL,
  -- From here on the other side may have it.
  handed_at timestamptz,
  settled_at timestamptz,
  outcome text CHECK (outcome IN ('accepted', 'refused', 'deferred', 'unknown')),
  code integer,
  response text,
  PRIMARY KEY (delivery_id, number)
);

CREATE TABLE reports.unsubscribed (
  project_id bigint NOT NULL,
  topic text NOT NULL,
  recipient text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (project_id, topic, recipient)
);

-- migrate:down
DROP TABLE reports.unsubscribed;
DROP TABLE reports.attempts;
DROP TABLE reports.deliveries;
DROP TABLE reports.messages;
DROP TABLE reports.destinations;
