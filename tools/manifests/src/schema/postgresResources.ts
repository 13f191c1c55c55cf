import {
  choice,
  flag,
  labels,
  list,
  matching,
  named,
  number,
  object,
  ofModel,
  type Resource,
  resource,
  resources,
  secretKey,
  text,
  texts
} from "./shapes.ts"

const storage = object({ size: text }, { storageClass: text, resizeInUseVolumes: flag })

const Cluster = object(
  { imageName: text, instances: number, storage },
  {
    bootstrap: object(
      {},
      {
        initdb: object(
          {},
          {
            database: text,
            owner: text,
            dataChecksums: flag,
            secret: named,
            postInitSQL: texts,
            postInitApplicationSQL: texts
          }
        )
      }
    ),
    postgresql: object(
      {},
      {
        parameters: labels,
        pg_hba: texts,
        synchronous: object(
          { method: choice("any", "first"), number },
          { dataDurability: choice("required", "preferred") }
        )
      }
    ),
    walStorage: storage,
    resources,
    affinity: object(
      {},
      {
        enablePodAntiAffinity: flag,
        topologyKey: text,
        podAntiAffinityType: choice("required", "preferred"),
        nodeSelector: labels
      }
    ),
    topologySpreadConstraints: list(ofModel("V1TopologySpreadConstraint")),
    enablePDB: flag,
    primaryUpdateStrategy: choice("unsupervised", "supervised"),
    primaryUpdateMethod: choice("switchover", "restart"),
    switchoverDelay: number,
    startDelay: number,
    stopDelay: number,
    seccompProfile: ofModel("V1SeccompProfile"),
    plugins: list(
      object({ name: text }, { isWALArchiver: flag, enabled: flag, parameters: labels })
    )
  }
)

const ScheduledBackup = object(
  {
    schedule: matching(/^(\S+ ){5}\S+$/u, "six fields, seconds first"),
    cluster: named
  },
  {
    immediate: flag,
    suspend: flag,
    backupOwnerReference: choice("none", "self", "cluster"),
    method: choice("plugin", "volumeSnapshot", "barmanObjectStore"),
    target: choice("primary", "prefer-standby"),
    pluginConfiguration: object({ name: text }, { parameters: labels })
  }
)

const ObjectStore = object(
  {
    configuration: object(
      { destinationPath: text },
      {
        endpointURL: text,
        endpointCA: secretKey,
        s3Credentials: object(
          {},
          {
            accessKeyId: secretKey,
            secretAccessKey: secretKey,
            region: secretKey,
            inheritFromIAMRole: flag
          }
        ),
        wal: object({}, { compression: text, encryption: text, maxParallel: number }),
        data: object({}, { compression: text, encryption: text, jobs: number })
      }
    )
  },
  {
    retentionPolicy: matching(/^[1-9]\d*[dwm]$/u, "days, weeks or months, as 14d"),
    instanceSidecarConfiguration: object({}, { resources, logLevel: text })
  }
)

/** What we use of CloudNativePG's resources and those of its Barman Cloud plugin. */
export const postgresResources: ReadonlyArray<Resource> = [
  resource("postgresql.cnpg.io/v1", "Cluster", Cluster),
  resource("postgresql.cnpg.io/v1", "ScheduledBackup", ScheduledBackup),
  resource("barmancloud.cnpg.io/v1", "ObjectStore", ObjectStore)
]
