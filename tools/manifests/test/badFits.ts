import type { Bad } from "./badPolicies.ts"
import type { Edit } from "./spoil.ts"

const pod = "/spec/template/spec"
const container = `${pod}/containers/0`

/** The name of a ConfigMap ends with a hash, which tests do not know. */
export const configOf = (service: string) => `ConfigMap/${service}-config`

const bad = (rule: string, ...edits: ReadonlyArray<Edit>): Bad => ({ rule, edits })
const config = (service: string, name: string, value: string | undefined): Edit => [
  configOf(service),
  `/data/${name}`,
  value
]

/** What does not fit: changes of the objects of production. */
export const badFits: ReadonlyArray<Bad> = [
  bad("configuration", config("loader", "DATABASE_POOL_SIZ", "10")),
  bad("configuration", config("loader", "QUERY_TIMEOUT", "30 seconds")),
  bad("configuration", config("loader", "DATABASE_POOL_SIZE", "many")),
  bad("configuration", config("loader", "CLICKHOUSE_URL_FILE", undefined)),
  bad("configuration", config("analytics-api", "ADMIN_KEY", "in the open")),
  bad(
    "configuration",
    config("analytics-api", "ADMIN_KEY", "in the open"),
    config("analytics-api", "ADMIN_KEY_FILE", undefined)
  ),
  bad("configuration", config("analytics-api", "DATA_INGESTION_URL", undefined)),
  bad("configuration", config("data-ingestion", "STATE_DIR", undefined)),
  bad("configuration", config("loader", "DATABASE_URL_FILE", "/run/secrets/other")),
  bad("configuration", [
    "Deployment/loader",
    `${container}/envFrom/0/configMapRef/name`,
    "other"
  ]),
  bad("configuration", [
    "Deployment/loader",
    `${container}/env`,
    [{ name: "PORT", value: "4010" }]
  ]),
  bad("configuration", [
    "Deployment/loader",
    `${pod}/volumes/0/projected/sources/1`,
    undefined
  ]),
  bad(
    "connections",
    config("analytics-api", "DATA_INGESTION_URL", "http://ingestion:4001")
  ),
  bad(
    "connections",
    config("analytics-api", "DATA_INGESTION_URL", "http://data-ingestion:4000")
  ),
  bad("connections", ["NetworkPolicy/loader", "/spec/egress/1", undefined]),
  bad("connections", ["NetworkPolicy/loader", "/spec/egress/2/ports/0/port", 9000]),
  bad("connections", [
    "NetworkPolicy/data-ingestion",
    "/spec/ingress/0/from/0",
    undefined
  ]),
  bad("connections", ["NetworkPolicy/reporting-engine", "/spec/egress", []]),
  bad(
    "connections",
    config(
      "batch-processor",
      "OBJECT_STORE_ENDPOINT",
      "https://objects.example.com:9000"
    )
  ),
  bad("connections", ["NetworkPolicy/postgres", "/spec/ingress/0", undefined]),
  bad("connections", ["Cluster/postgres", "/metadata/name", "other"]),
  bad("runners", [
    "Deployment/batch-processor",
    `${container}/env/0/valueFrom`,
    undefined
  ]),
  bad("runners", ["Deployment/batch-processor", `${container}/ports/1`, undefined]),
  bad("runners", config("batch-processor", "BATCH_RUNNER_PORT", "4015")),
  bad("runner-health", ["Role/batch-processor", "/rules/0/verbs", ["get"]]),
  bad("runner-health", ["RoleBinding/batch-processor", "/subjects/0/name", "other"]),
  bad("runner-health", ["Deployment/batch-processor", `${container}/env/4`, undefined]),
  bad("runner-health", [
    "Deployment/batch-processor",
    `${container}/env/3/value`,
    "app.kubernetes.io/name=runner"
  ]),
  bad("runner-health", ["Deployment/batch-processor", `${pod}/volumes/2`, undefined]),
  bad("network-policy-targets", [
    "NetworkPolicy/loader",
    "/spec/podSelector/matchLabels",
    { "app.kubernetes.io/name": "loaders" }
  ]),
  bad("network-policy-targets", [
    "NetworkPolicy/loader",
    "/spec/egress/1/to/0/podSelector/matchLabels",
    { "cnpg.io/cluster": "postgresql" }
  ]),
  bad("ports", ["Deployment/loader", `${container}/ports/0/name`, "web"]),
  bad("ports", ["Deployment/loader", `${container}/livenessProbe/httpGet/port`, 4011]),
  bad("ports", ["Service/loader", "/spec/ports/0/targetPort", "web"]),
  bad("ports", ["Service/loader", "/spec/selector", { a: "b" }]),
  bad("ports", ["ServiceMonitor/loader", "/spec/endpoints/0/port", "metrics"]),
  bad("ports", config("loader", "PORT", "4011")),
  bad("health", [
    "Deployment/loader",
    `${container}/livenessProbe/httpGet/path`,
    "/readyz"
  ]),
  bad("health", ["Deployment/loader", `${container}/readinessProbe/httpGet/path`, "/"]),
  bad("drain", [
    "Deployment/analytics-api",
    `${pod}/terminationGracePeriodSeconds`,
    50
  ]),
  bad("drain", config("analytics-api", "HTTP_DRAIN_TIMEOUT", "60 seconds")),
  bad("drain", config("analytics-api", "HTTP_DRAIN_DELAY", "0 seconds")),
  bad("memory-fits", config("batch-processor", "BATCH_MEMORY", "2 GiB")),
  bad("memory-fits", config("reporting-engine", "REPORT_RENDERERS", "4")),
  bad("disk-fits", config("data-ingestion", "STATE_DIR", "/state")),
  bad("disk-fits", config("ml-inference", "ML_CACHE_SIZE", "4 GiB")),
  bad("disk-fits", ["Deployment/ml-inference", `${pod}/volumes/2/emptyDir`, {}]),
  bad("disk-fits", ["Deployment/loader", `${container}/volumeMounts/1`, undefined]),
  bad("pools", config("analytics-api", "DATABASE_POOL_SIZE", "50")),
  bad("pools", ["HorizontalPodAutoscaler/analytics-api", "/spec/maxReplicas", 40]),
  bad("images", ["Deployment/loader", `${container}/image`, "example.com/loader:1"]),
  bad("images", [
    "Deployment/loader",
    `${container}/image`,
    "example.com/analytics-api:1"
  ]),
  bad("images", [
    "Deployment/loader",
    `${container}/args`,
    ["services/data-ingestion/src/main.ts"]
  ]),
  bad("images", [
    "Deployment/loader",
    `${container}/args`,
    ["--watch", "services/data-ingestion/src/loader.ts"]
  ]),
  bad("cluster-name", config("loader", "CLICKHOUSE_CLUSTER", undefined)),
  bad("cluster-name", config("loader", "CLICKHOUSE_CLUSTER", "other")),
  bad("job-name", ["Job/migrations-0-8-0", `${container}/image`, "migrations:0.9.0"]),
  bad(
    "agreement",
    config("ml-inference", "OBJECT_STORE_URL", "s3://elsewhere/objects")
  ),
  bad("agreement", [
    "Deployment/loader",
    `${pod}/volumes/0/projected/sources/0/secret/name`,
    "postgres"
  ])
]
