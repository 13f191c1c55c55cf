import { Schema } from "effect"
import { type Manifest, titleOf } from "./Manifest.ts"
import { PodSpec } from "./PodSpec.ts"

const optional = Schema.optionalKey
const Labels = Schema.Record(Schema.String, Schema.String)

const Raw = Schema.Struct({
  spec: Schema.Struct({
    replicas: optional(Schema.Int),
    serviceName: optional(Schema.String),
    selector: optional(Schema.Struct({ matchLabels: optional(Labels) })),
    strategy: optional(
      Schema.Struct({
        type: optional(Schema.String),
        rollingUpdate: optional(
          Schema.Struct({
            maxUnavailable: optional(Schema.Union([Schema.Int, Schema.String]))
          })
        )
      })
    ),
    ttlSecondsAfterFinished: optional(Schema.Int),
    activeDeadlineSeconds: optional(Schema.Int),
    volumeClaimTemplates: optional(Schema.Array(Schema.Unknown)),
    template: Schema.Struct({
      metadata: optional(Schema.Struct({ labels: optional(Labels) })),
      spec: PodSpec
    })
  })
})

/** What runs pods. */
export interface Workload {
  readonly kind: "Deployment" | "StatefulSet" | "DaemonSet" | "Job"
  readonly name: string
  /** `Deployment/analytics-api`. */
  readonly title: string
  readonly spec: (typeof Raw.Type)["spec"]
  readonly pod: PodSpec
  readonly podLabels: Readonly<Record<string, string>>
}

const kindOf = (kind: string): Workload["kind"] | undefined =>
  kind === "Deployment" ||
  kind === "StatefulSet" ||
  kind === "DaemonSet" ||
  kind === "Job"
    ? kind
    : undefined

/** None for objects that run no pods; fails for one whose shape is wrong. */
export const workloadOf = (manifest: Manifest): Workload | undefined => {
  const kind = kindOf(manifest.kind)
  if (kind === undefined) return undefined
  const { spec } = Schema.decodeUnknownSync(Raw)(manifest.raw)
  return {
    kind,
    name: manifest.name,
    title: titleOf(manifest),
    spec,
    pod: spec.template.spec,
    podLabels: spec.template.metadata?.labels ?? {}
  }
}
