-- migrate:up
-- Owned by analytics-api: how the events of a project are received. The JSON is that of
-- libs/analytics-core/src/settings/ProjectSettings.ts, as text because jsonb refuses
-- strings that JSON allows. A project without a row has the defaults.
CREATE TABLE control.project_settings (
  project_id  bigint PRIMARY KEY REFERENCES control.projects (id),
  settings    text NOT NULL CHECK (octet_length(settings) <= 32768),
  updated_at  timestamptz NOT NULL DEFAULT now()
);

-- migrate:down
DROP TABLE control.project_settings;
