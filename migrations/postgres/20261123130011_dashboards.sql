-- migrate:up
-- Owned by analytics-api. `layout` is JSON kept as text: range, filters and tiles in order.
CREATE TABLE control.dashboards (
  id           uuid PRIMARY KEY,
  project_id   bigint NOT NULL REFERENCES control.projects (id),
  version      integer NOT NULL DEFAULT 1,
  name         text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  description  text NOT NULL,
  layout       text NOT NULL,
  created_by   text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_by   text NOT NULL,
  updated_at   timestamptz NOT NULL DEFAULT now(),
  UNIQUE (project_id, id)
);

-- Which insights its tiles show: what is shown cannot be deleted.
CREATE TABLE control.dashboard_insights (
  project_id  bigint NOT NULL,
  dashboard   uuid NOT NULL,
  insight     uuid NOT NULL,
  PRIMARY KEY (dashboard, insight),
  FOREIGN KEY (project_id, dashboard)
    REFERENCES control.dashboards (project_id, id) ON DELETE CASCADE,
  CONSTRAINT dashboard_shows_insight FOREIGN KEY (project_id, insight)
    REFERENCES control.insights (project_id, id)
);
CREATE INDEX dashboard_insights_by_insight
  ON control.dashboard_insights (project_id, insight);

-- migrate:down
DROP TABLE control.dashboard_insights;
DROP TABLE control.dashboards;
