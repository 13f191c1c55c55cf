-- migrate:up
CREATE TABLE installation (id UUID, created_at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = MergeTree ORDER BY id;

-- migrate:down
DROP TABLE installation;
