import { Schema } from "effect"
import { LabelSelector, ofKind, selects } from "../Rendered.ts"
import { found, ofWorkloads, type Policy, policy } from "./Policy.ts"

const Autoscaler = Schema.Struct({
  spec: Schema.Struct({
    scaleTargetRef: Schema.Struct({ kind: Schema.String, name: Schema.String }),
    minReplicas: Schema.Int,
    maxReplicas: Schema.Int
  })
})
const Budget = Schema.Struct({
  spec: Schema.Struct({
    maxUnavailable: Schema.optionalKey(Schema.Union([Schema.Int, Schema.String])),
    minAvailable: Schema.optionalKey(Schema.Union([Schema.Int, Schema.String])),
    unhealthyPodEvictionPolicy: Schema.optionalKey(Schema.String),
    selector: LabelSelector
  })
})
const Claims = Schema.Array(
  Schema.Struct({
    spec: Schema.Struct({
      accessModes: Schema.Array(Schema.String),
      resources: Schema.Struct({
        requests: Schema.Record(Schema.String, Schema.String)
      })
    })
  })
)

/** Decides on whole traces, so all of one have to come to it; nothing waits for it. */
const alone = new Set(["otel-collector"])

/** What is asked of Deployments, Jobs and of what scales and protects them. */
export const workloadPolicies: ReadonlyArray<Policy> = [
  ofWorkloads(
    { id: "selector", asks: "select its own pods" },
    ({ kind, podLabels, spec: { selector } }) =>
      kind !== "Job" &&
      !(
        Object.keys(selector?.matchLabels ?? {}).length > 0 &&
        selects(selector ?? {}, podLabels)
      ) &&
      "does not select its own pods"
  ),
  ofWorkloads(
    {
      id: "rolling-update",
      asks: "be replaced pod by pod, a new one ready before an old one goes",
      productionOnly: true
    },
    ({ kind, spec: { strategy } }) =>
      kind === "Deployment" &&
      !(
        strategy?.type === "RollingUpdate" &&
        strategy.rollingUpdate?.maxUnavailable === 0
      ) &&
      "has fewer pods while it is replaced"
  ),
  policy(
    {
      id: "replicas",
      asks: "run at least twice, by its own number or by its autoscaler's least, never by both",
      productionOnly: true
    },
    (rendered) => {
      const scaled = new Map(
        ofKind(rendered, "HorizontalPodAutoscaler", Autoscaler).map(({ is }) => [
          is.spec.scaleTargetRef.name,
          is.spec.minReplicas
        ])
      )
      return rendered.workloads
        .filter(({ kind, name }) => kind === "Deployment" && !alone.has(name))
        .flatMap(({ name, spec: { replicas }, title }) => {
          const least = scaled.get(name)
          if (least !== undefined && replicas !== undefined)
            return found(title, "sets the number that its autoscaler chooses")
          return found(title, (least ?? replicas ?? 1) < 2 && "may run once")
        })
    }
  ),
  policy(
    {
      id: "autoscaler",
      asks: "scale something that is there, between two numbers",
      productionOnly: true
    },
    (rendered) =>
      ofKind(rendered, "HorizontalPodAutoscaler", Autoscaler).flatMap(
        ({
          is: {
            spec: { maxReplicas, minReplicas, scaleTargetRef }
          },
          title
        }) => [
          ...found(
            title,
            !rendered.workloads.some(
              ({ kind, name }) =>
                kind === scaleTargetRef.kind && name === scaleTargetRef.name
            ) && `scales ${scaleTargetRef.name}, which is not there`
          ),
          ...found(title, maxReplicas <= minReplicas && "can scale nothing")
        ]
      )
  ),
  policy(
    {
      id: "disruption-budget",
      asks: "have one budget of disruptions, which lets one pod go and those that are not ready",
      productionOnly: true
    },
    (rendered) => {
      const budgets = ofKind(rendered, "PodDisruptionBudget", Budget)
      return [
        ...rendered.workloads
          .filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet")
          .flatMap(({ podLabels, title }) => {
            const those = budgets.filter(({ is }) =>
              selects(is.spec.selector, podLabels)
            )
            // With two budgets no pod can be evicted at all.
            return found(title, those.length !== 1 && `has ${those.length} budgets`)
          }),
        ...budgets.flatMap(({ is: { spec }, title }) => [
          ...found(
            title,
            !rendered.workloads.some(({ podLabels }) =>
              selects(spec.selector, podLabels)
            ) && "protects no pods"
          ),
          ...found(
            title,
            (spec.maxUnavailable !== 1 || spec.minAvailable !== undefined) &&
              "does not let exactly one pod go"
          ),
          ...found(
            title,
            spec.unhealthyPodEvictionPolicy !== "AlwaysAllow" &&
              "lets a pod that is not ready hold up its node"
          )
        ])
      ]
    }
  ),
  ofWorkloads(
    {
      id: "jobs",
      asks: "end: a deadline, no restarts in place, and removed a day after"
    },
    ({ kind, pod, spec }) =>
      kind === "Job" &&
      (spec.activeDeadlineSeconds === undefined ||
        spec.ttlSecondsAfterFinished === undefined ||
        pod.restartPolicy !== "Never") &&
      "may run or stay for ever"
  ),
  ofWorkloads(
    {
      id: "volume-claims",
      asks: "name its Service, and ask for volumes of one node with their size"
    },
    ({ kind, spec: { serviceName, volumeClaimTemplates = [] } }) => {
      if (kind !== "StatefulSet") return undefined
      if (serviceName === undefined) return "names no Service"
      const claims = Schema.decodeUnknownSync(Claims)(volumeClaimTemplates)
      return (
        !claims.every(
          ({ spec }) =>
            spec.accessModes.includes("ReadWriteOnce") &&
            spec.resources.requests["storage"] !== undefined
        ) && "asks for a volume of no size"
      )
    }
  )
]
