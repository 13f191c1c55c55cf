import * as Kind from "./Kind.ts"
import { defaulted, optional, type Process } from "./Variable.ts"

const of: ReadonlyArray<Process> = ["batch-processor"]

/** Of the runners of jobs; each process of batch-processor is one. */
export const batchVariables = {
  BATCH_RUNNER_HOST: defaulted(Kind.text, "127.0.0.1", {
    of,
    description:
      "Address at which other runners reach this one; the pod's address in a cluster."
  }),
  BATCH_RUNNER_LISTEN_HOST: optional(Kind.text, {
    of,
    description:
      "Address to listen on for other runners; `BATCH_RUNNER_HOST` without it."
  }),
  BATCH_RUNNER_PORT: defaulted(Kind.port, "4014", {
    of,
    description: "Port for other runners. Only runners need to reach it."
  }),
  BATCH_RUNNER_HEALTH: defaulted(Kind.oneOf("ping", "k8s"), "ping", {
    of,
    description:
      "How a lost runner is noticed: by asking it, or by asking Kubernetes for its pod. The latter needs the right to list pods, and `NODE_EXTRA_CA_CERTS=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt`."
  }),
  BATCH_K8S_NAMESPACE: optional(Kind.text, {
    of,
    description: "Namespace of the runners' pods, with `BATCH_RUNNER_HEALTH=k8s`."
  }),
  BATCH_K8S_LABELS: optional(Kind.text, {
    of,
    description: "Label selector of the runners' pods, with `BATCH_RUNNER_HEALTH=k8s`."
  }),
  BATCH_RUNNER_EXPIRY: defaulted(Kind.duration, "15 seconds", {
    of,
    description:
      "A runner that said nothing for so long loses its jobs to the others; the same for all of them."
  }),
  BATCH_HEARTBEAT_INTERVAL: defaulted(Kind.duration, "5 seconds", {
    of,
    description:
      "How often a runner says that its jobs go on. A job without a sign for 30 seconds is started again."
  }),
  BATCH_MEMORY: defaulted(Kind.byteSize, "1 GiB", {
    of,
    description:
      "What the jobs of one runner may hold together, by the limits of their types; a job that does not fit waits."
  })
}
