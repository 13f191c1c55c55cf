import {
  choice,
  labels,
  list,
  number,
  object,
  ofModel,
  type Resource,
  resource,
  text
} from "./shapes.ts"

/** The operator takes text alone, so that `yes` without quotes is refused. */
const yes = choice("true", "false", "yes", "no", "True", "False", "Yes", "No", "0", "1")

const templates = object(
  {},
  {
    podTemplate: text,
    dataVolumeClaimTemplate: text,
    logVolumeClaimTemplate: text,
    serviceTemplate: text,
    hostTemplate: text
  }
)

const templatesOf = object(
  {},
  {
    podTemplates: list(
      object(
        { name: text, spec: ofModel("V1PodSpec") },
        { metadata: ofModel("V1ObjectMeta") }
      )
    ),
    volumeClaimTemplates: list(
      object(
        { name: text, spec: ofModel("V1PersistentVolumeClaimSpec") },
        { reclaimPolicy: choice("Retain", "Delete"), metadata: ofModel("V1ObjectMeta") }
      )
    ),
    serviceTemplates: list(
      object({ name: text, spec: ofModel("V1ServiceSpec") }, { generateName: text })
    )
  }
)

const defaults = object(
  {},
  {
    templates,
    storageManagement: object(
      {},
      {
        provisioner: choice("StatefulSet", "Operator"),
        reclaimPolicy: choice("Retain", "Delete")
      }
    )
  }
)

/** A cluster of either kind. */
const cluster = object(
  { name: text, layout: object({}, { shardsCount: number, replicasCount: number }) },
  {
    schemaPolicy: object(
      {},
      {
        replica: choice("None", "All"),
        shard: choice("None", "All", "DistributedTablesOnly")
      }
    ),
    pdbManaged: yes,
    pdbMaxUnavailable: number,
    secret: object({}, { auto: yes }),
    secure: yes,
    insecure: yes,
    templates
  }
)

const waits = object(
  {},
  {
    exclude: yes,
    queries: yes,
    include: yes,
    replicas: object({}, { all: yes, new: yes, delay: number })
  }
)

const ClickHouse = object(
  {
    configuration: object(
      { clusters: list(cluster) },
      {
        zookeeper: object(
          { nodes: list(object({ host: text }, { port: number, secure: yes })) },
          { root: text, session_timeout_ms: number, operation_timeout_ms: number }
        ),
        users: labels,
        profiles: labels,
        quotas: labels,
        settings: labels,
        files: labels
      }
    )
  },
  {
    defaults,
    reconcile: object({}, { host: object({}, { wait: waits }) }),
    templates: templatesOf
  }
)

const Keeper = object(
  {
    configuration: object(
      { clusters: list(cluster) },
      { settings: labels, files: labels }
    )
  },
  { defaults, templates: templatesOf }
)

/** What we use of Altinity's operator's resources. */
export const clickHouseResources: ReadonlyArray<Resource> = [
  resource("clickhouse.altinity.com/v1", "ClickHouseInstallation", ClickHouse),
  resource("clickhouse-keeper.altinity.com/v1", "ClickHouseKeeperInstallation", Keeper)
]
