-- migrate:up
-- W3C traceparent of who asked for it: the trace of a schedule goes on in its report, and
-- that of the report in its messages.
ALTER TABLE reports.subscription_runs ADD COLUMN traceparent text;
ALTER TABLE reports.deliveries ADD COLUMN traceparent text;

-- migrate:down
ALTER TABLE reports.deliveries DROP COLUMN traceparent;
ALTER TABLE reports.subscription_runs DROP COLUMN traceparent;
