-- migrate:up
-- Owned by reporting-engine: definitions, runs, files, subscriptions, deliveries, alerts.
CREATE SCHEMA reports;

-- migrate:down
DROP SCHEMA reports CASCADE;
