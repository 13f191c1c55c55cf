-- migrate:up
-- Owned by analytics-api: what events and properties a project has, for people who write
-- questions. Counted from the event store batch by batch. The row of progress is held
-- while batches are counted, and the counts are committed with it, so that each batch
-- counts once whatever happens.
CREATE TABLE control.catalogue_progress (
  singleton   boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  -- Every batch up to this id is counted, and none of them can appear any more.
  counted_to  bigint NOT NULL DEFAULT 0,
  as_of       timestamptz
);
INSERT INTO control.catalogue_progress DEFAULT VALUES;

-- Batches after that which are counted too.
CREATE TABLE control.catalogue_batches (batch_id bigint PRIMARY KEY);

-- `folded` is the name in lower case, to be searched. At most 10,000 names a project.
CREATE TABLE control.catalogue_events (
  project_id  bigint NOT NULL,
  name        text COLLATE "C" NOT NULL,
  folded      text COLLATE "C" NOT NULL,
  events      bigint NOT NULL,
  first_seen  timestamptz NOT NULL,
  last_seen   timestamptz NOT NULL,
  PRIMARY KEY (project_id, name)
);

-- Paths as queries take them; `own` are those in an event's properties. `events` is how
-- many events have it, the rest how many as that JSON type, numbers being what remains.
-- At most 5,000 a project. `examples` are JSON texts.
CREATE TABLE control.catalogue_properties (
  project_id  bigint NOT NULL,
  property    text COLLATE "C" NOT NULL,
  folded      text COLLATE "C" NOT NULL,
  own         boolean NOT NULL,
  events      bigint NOT NULL,
  strings     bigint NOT NULL,
  booleans    bigint NOT NULL,
  arrays      bigint NOT NULL,
  objects     bigint NOT NULL,
  examples    text[] NOT NULL,
  PRIMARY KEY (project_id, property)
);

-- Which events have a property of their own; at most 50,000 pairs a project.
CREATE TABLE control.catalogue_event_properties (
  project_id  bigint NOT NULL,
  event       text COLLATE "C" NOT NULL,
  property    text COLLATE "C" NOT NULL,
  events      bigint NOT NULL,
  PRIMARY KEY (project_id, event, property)
);

-- migrate:down
DROP TABLE control.catalogue_event_properties;
DROP TABLE control.catalogue_properties;
DROP TABLE control.catalogue_events;
DROP TABLE control.catalogue_batches;
DROP TABLE control.catalogue_progress;
