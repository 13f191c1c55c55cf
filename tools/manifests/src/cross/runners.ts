import { Schema } from "effect"
import { ofKind } from "../Rendered.ts"
import { firewallOf } from "./Firewall.ts"
import { check, programsOf } from "./Installation.ts"

export const runners = check(
  "runners",
  "reach every other runner of its kind at its own address",
  (installation) => {
    const firewall = firewallOf(installation.rendered)
    return programsOf(installation)
      .filter(({ environment }) => environment.variables.has("BATCH_RUNNER_PORT"))
      .flatMap(({ environment, workload: { pod, podLabels, title } }) => {
        const port = Number(environment.variables.get("BATCH_RUNNER_PORT"))
        const env = pod.containers.flatMap(({ env = [] }) => env)
        const own = env.find(({ name }) => name === "BATCH_RUNNER_HOST")
        return [
          own?.valueFrom?.fieldRef?.fieldPath === "status.podIP"
            ? undefined
            : "BATCH_RUNNER_HOST is not the address of the pod",
          pod.containers.some(({ ports = [] }) =>
            ports.some(({ containerPort }) => containerPort === port)
          )
            ? undefined
            : `no port ${port} is open`,
          firewall.mayLeave(podLabels, podLabels, port) &&
          firewall.mayEnter(podLabels, podLabels, port)
            ? undefined
            : `runners may not speak to each other on ${port}`
        ].flatMap((message) => (message === undefined ? [] : [{ at: title, message }]))
      })
  }
)

const Role = Schema.Struct({
  rules: Schema.Array(
    Schema.Struct({
      resources: Schema.Array(Schema.String),
      verbs: Schema.Array(Schema.String)
    })
  )
})
const RoleBinding = Schema.Struct({
  roleRef: Schema.Struct({ name: Schema.String }),
  subjects: Schema.Array(Schema.Struct({ name: Schema.String }))
})

/** Where the client of the API server looks for its token, whatever is configured. */
const account = "/var/run/secrets/kubernetes.io/serviceaccount"

export const runnerHealth = check(
  "runner-health",
  "be allowed to list the runners' pods, and find its token and the certificate, when it looks for lost runners there",
  (installation) => {
    const { rendered } = installation
    const listing = ofKind(rendered, "Role", Role)
      .filter(({ is: { rules } }) =>
        rules.some(
          ({ resources, verbs }) => resources.includes("pods") && verbs.includes("list")
        )
      )
      .map(({ name }) => name)
    return programsOf(installation)
      .filter(
        ({ environment }) => environment.variables.get("BATCH_RUNNER_HEALTH") === "k8s"
      )
      .flatMap(({ environment, workload: { pod, podLabels, title } }) => {
        const allowed = ofKind(rendered, "RoleBinding", RoleBinding).some(
          ({ is: { roleRef, subjects } }) =>
            listing.includes(roleRef.name) &&
            subjects.some(({ name }) => name === pod.serviceAccountName)
        )
        const mount = pod.containers
          .flatMap(({ volumeMounts = [] }) => volumeMounts)
          .find(({ mountPath }) => mountPath === account)
        const sources = pod.volumes?.find(({ name }) => name === mount?.name)?.projected
          ?.sources
        const [key = "", value] = (
          environment.variables.get("BATCH_K8S_LABELS") ?? ""
        ).split("=")
        return [
          allowed ? undefined : "may not list pods",
          sources?.some(
            ({ serviceAccountToken }) => serviceAccountToken?.path === "token"
          )
            ? undefined
            : `has no token below ${account}`,
          environment.variables.get("NODE_EXTRA_CA_CERTS") === `${account}/ca.crt`
            ? undefined
            : "does not trust the API server",
          podLabels[key] === value
            ? undefined
            : "BATCH_K8S_LABELS does not select the runners",
          firewallOf(rendered).mayLeaveTheCluster(podLabels, 443)
            ? undefined
            : "its NetworkPolicy lets it not reach the API server"
        ].flatMap((message) => (message === undefined ? [] : [{ at: title, message }]))
      })
  }
)
