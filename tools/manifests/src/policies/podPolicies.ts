import type { Workload } from "../Workload.ts"
import { ofWorkloads, type Policy, policy } from "./Policy.ts"

const spreadOver = ({ pod, podLabels }: Workload, topologyKey: string) =>
  (pod.topologySpreadConstraints ?? []).some(
    ({ labelSelector: { matchLabels = {} }, topologyKey: key }) =>
      key === topologyKey &&
      Object.keys(matchLabels).length > 0 &&
      Object.entries(matchLabels).every(([name, value]) => podLabels[name] === value)
  )

/** One of the two, of every container that does not say so itself. */
const everywhere = (
  { pod }: Workload,
  holds: (context: Workload["pod"]["securityContext"]) => boolean
) =>
  holds(pod.securityContext) ||
  pod.containers.every(({ securityContext }) => holds(securityContext))

/** What is asked of each pod. */
export const podPolicies: ReadonlyArray<Policy> = [
  ofWorkloads(
    { id: "non-root", asks: "run as another user than root" },
    (workload) =>
      (!everywhere(workload, (context) => context?.runAsNonRoot === true) ||
        [
          workload.pod,
          ...workload.pod.containers,
          ...(workload.pod.initContainers ?? [])
        ].some(
          ({ securityContext }) =>
            securityContext?.runAsUser === 0 || securityContext?.runAsNonRoot === false
        )) &&
      "may run as root"
  ),
  ofWorkloads(
    {
      id: "high-uid",
      asks: "run as a user and a group above 10,000, which no node has",
      productionOnly: true
    },
    ({ pod: { securityContext } }) =>
      ((securityContext?.runAsUser ?? 0) < 10_000 ||
        (securityContext?.runAsGroup ?? 0) < 10_000) &&
      "runs as a user or a group of the system"
  ),
  ofWorkloads(
    { id: "seccomp", asks: "run under the runtime's seccomp profile" },
    (workload) =>
      !everywhere(
        workload,
        (context) => context?.seccompProfile?.type === "RuntimeDefault"
      ) && "may call any system call"
  ),
  ofWorkloads(
    { id: "host-namespaces", asks: "share no namespace with its node" },
    ({ pod: { hostIPC, hostNetwork, hostPID } }) =>
      (hostIPC === true || hostNetwork === true || hostPID === true) &&
      "shares its node's network, processes or IPC"
  ),
  ofWorkloads(
    { id: "host-path", asks: "mount nothing of its node" },
    ({ pod: { volumes = [] } }) => {
      const path = volumes.find(({ hostPath }) => hostPath !== undefined)?.hostPath
        ?.path
      return path !== undefined && `mounts ${path} of its node`
    }
  ),
  ofWorkloads(
    { id: "host-aliases", asks: "leave names to DNS" },
    ({ pod: { hostAliases } }) => hostAliases !== undefined && "has hosts of its own"
  ),
  ofWorkloads(
    { id: "sysctls", asks: "set no sysctls, and nothing of Windows" },
    ({ pod: { securityContext } }) =>
      (securityContext?.sysctls !== undefined ||
        securityContext?.windowsOptions !== undefined) &&
      "sets sysctls or options of Windows"
  ),
  ofWorkloads(
    {
      id: "no-token",
      asks: "get no token of the API server by itself; one that needs it mounts one that expires"
    },
    ({ pod: { automountServiceAccountToken } }) =>
      automountServiceAccountToken !== false && "gets a token of the API server"
  ),
  ofWorkloads(
    {
      id: "no-service-links",
      asks: "get no variables of other Services, which have names like ours"
    },
    ({ pod: { enableServiceLinks } }) =>
      enableServiceLinks !== false && "gets variables of other Services"
  ),
  policy(
    {
      id: "own-account",
      asks: "run as a service account that is its own and is there",
      productionOnly: true
    },
    ({ manifests, workloads }) => {
      const accounts = new Set(
        manifests
          .filter(({ kind }) => kind === "ServiceAccount")
          .map(({ name }) => name)
      )
      return workloads.flatMap(({ name, pod, title }) =>
        pod.serviceAccount === undefined &&
        pod.serviceAccountName !== undefined &&
        pod.serviceAccountName === name.replace(/-\d.*$/u, "") &&
        accounts.has(pod.serviceAccountName)
          ? []
          : [{ at: title, message: "has no service account of its own" }]
      )
    }
  ),
  ofWorkloads(
    {
      id: "spread",
      asks: "be spread over nodes",
      productionOnly: true
    },
    (workload) =>
      workload.kind !== "Job" &&
      !spreadOver(workload, "kubernetes.io/hostname") &&
      "may all be on one node"
  ),
  ofWorkloads(
    { id: "zone-spread", asks: "be spread over zones", productionOnly: true },
    (workload) =>
      workload.kind !== "Job" &&
      !spreadOver(workload, "topology.kubernetes.io/zone") &&
      "may all be in one zone"
  )
]
