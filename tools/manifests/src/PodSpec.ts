import { Schema } from "effect"

const optional = Schema.optionalKey
const Texts = Schema.Record(Schema.String, Schema.String)
const PortRef = Schema.Union([Schema.Int, Schema.String])

const HttpGet = Schema.Struct({ path: Schema.String, port: PortRef })
const Probe = Schema.Struct({
  httpGet: optional(HttpGet),
  tcpSocket: optional(Schema.Struct({ port: PortRef })),
  exec: optional(Schema.Unknown),
  initialDelaySeconds: optional(Schema.Int),
  periodSeconds: optional(Schema.Int),
  timeoutSeconds: optional(Schema.Int),
  failureThreshold: optional(Schema.Int)
})
export type Probe = typeof Probe.Type

const Capabilities = Schema.Struct({
  add: optional(Schema.Array(Schema.String)),
  drop: optional(Schema.Array(Schema.String))
})
const Seccomp = Schema.Struct({ type: Schema.String })

const SecurityContext = Schema.Struct({
  runAsNonRoot: optional(Schema.Boolean),
  runAsUser: optional(Schema.Int),
  runAsGroup: optional(Schema.Int),
  fsGroup: optional(Schema.Int),
  privileged: optional(Schema.Boolean),
  procMount: optional(Schema.String),
  allowPrivilegeEscalation: optional(Schema.Boolean),
  readOnlyRootFilesystem: optional(Schema.Boolean),
  capabilities: optional(Capabilities),
  seccompProfile: optional(Seccomp),
  sysctls: optional(Schema.Array(Schema.Unknown)),
  windowsOptions: optional(Schema.Unknown)
})

const EnvironmentVariable = Schema.Struct({
  name: Schema.String,
  value: optional(Schema.String),
  valueFrom: optional(
    Schema.Struct({
      secretKeyRef: optional(
        Schema.Struct({ name: Schema.String, key: Schema.String })
      ),
      fieldRef: optional(Schema.Struct({ fieldPath: Schema.String }))
    })
  )
})

const Container = Schema.Struct({
  name: Schema.String,
  image: Schema.String,
  imagePullPolicy: optional(Schema.String),
  args: optional(Schema.Array(Schema.String)),
  env: optional(Schema.Array(EnvironmentVariable)),
  envFrom: optional(
    Schema.Array(
      Schema.Struct({
        configMapRef: optional(Schema.Struct({ name: Schema.String })),
        secretRef: optional(Schema.Struct({ name: Schema.String }))
      })
    )
  ),
  ports: optional(
    Schema.Array(
      Schema.Struct({
        name: optional(Schema.String),
        containerPort: Schema.Int,
        hostPort: optional(Schema.Int)
      })
    )
  ),
  securityContext: optional(SecurityContext),
  resources: optional(
    Schema.Struct({ requests: optional(Texts), limits: optional(Texts) })
  ),
  startupProbe: optional(Probe),
  readinessProbe: optional(Probe),
  livenessProbe: optional(Probe),
  volumeMounts: optional(
    Schema.Array(
      Schema.Struct({
        name: Schema.String,
        mountPath: Schema.String,
        readOnly: optional(Schema.Boolean)
      })
    )
  )
})
export type Container = typeof Container.Type

const SecretItems = Schema.Struct({
  name: Schema.String,
  items: optional(
    Schema.Array(Schema.Struct({ key: Schema.String, path: Schema.String }))
  )
})

const Volume = Schema.Struct({
  name: Schema.String,
  hostPath: optional(Schema.Struct({ path: Schema.String })),
  emptyDir: optional(Schema.Struct({ sizeLimit: optional(Schema.String) })),
  configMap: optional(Schema.Struct({ name: Schema.String })),
  secret: optional(Schema.Unknown),
  projected: optional(
    Schema.Struct({
      sources: Schema.Array(
        Schema.Struct({
          secret: optional(SecretItems),
          configMap: optional(Schema.Struct({ name: Schema.String })),
          serviceAccountToken: optional(Schema.Struct({ path: Schema.String }))
        })
      )
    })
  )
})
export type Volume = typeof Volume.Type

/** What checks look at in a pod. */
export const PodSpec = Schema.Struct({
  containers: Schema.Array(Container),
  initContainers: optional(Schema.Array(Container)),
  volumes: optional(Schema.Array(Volume)),
  serviceAccountName: optional(Schema.String),
  serviceAccount: optional(Schema.String),
  automountServiceAccountToken: optional(Schema.Boolean),
  enableServiceLinks: optional(Schema.Boolean),
  terminationGracePeriodSeconds: optional(Schema.Int),
  restartPolicy: optional(Schema.String),
  hostNetwork: optional(Schema.Boolean),
  hostPID: optional(Schema.Boolean),
  hostIPC: optional(Schema.Boolean),
  hostUsers: optional(Schema.Boolean),
  hostAliases: optional(Schema.Array(Schema.Unknown)),
  securityContext: optional(SecurityContext),
  topologySpreadConstraints: optional(
    Schema.Array(
      Schema.Struct({
        topologyKey: Schema.String,
        labelSelector: Schema.Struct({ matchLabels: optional(Texts) })
      })
    )
  )
})
export type PodSpec = typeof PodSpec.Type
