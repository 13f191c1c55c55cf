-- migrate:up
-- Old messages go with their deliveries, which are found by it.
CREATE INDEX deliveries_of_message ON reports.deliveries (message_id);

-- migrate:down
DROP INDEX reports.deliveries_of_message;
