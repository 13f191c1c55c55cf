import { ofContainers, type Policy } from "./Policy.ts"

const pinned = /^[^@\s]+(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/u

/** Jobs end by themselves: nobody asks them how they are. */
const serves = (kind: string) => kind !== "Job"

/** What is asked of each container. */
export const containerPolicies: ReadonlyArray<Policy> = [
  ofContainers(
    {
      id: "image-tag",
      asks: "name an image by a tag that is not `latest`, or a digest"
    },
    ({ image }) => !pinned.test(image) && `${image} can change without a change here`
  ),
  ofContainers(
    {
      id: "pull-policy",
      asks: "say `IfNotPresent`: tags are fixed, and a registry that is away stops no start"
    },
    ({ imagePullPolicy }) =>
      imagePullPolicy !== "IfNotPresent" &&
      `pulls ${imagePullPolicy ?? "as the tag makes it"}`
  ),
  ofContainers(
    { id: "cpu-request", asks: "ask for CPU, by which it is scheduled and scaled" },
    ({ resources }) => resources?.requests?.["cpu"] === undefined && "asks for no CPU"
  ),
  ofContainers(
    {
      id: "no-cpu-limit",
      asks: "set no limit of CPU, which would hold answers up while cores are idle"
    },
    ({ resources }) =>
      resources?.limits?.["cpu"] !== undefined && "is held back at a limit of CPU"
  ),
  ofContainers(
    { id: "memory", asks: "ask for memory and limit it" },
    ({ resources }) =>
      (resources?.requests?.["memory"] === undefined ||
        resources.limits?.["memory"] === undefined) &&
      "has no request or no limit of memory"
  ),
  ofContainers(
    { id: "ephemeral-storage", asks: "ask for room on the node's disk and limit it" },
    ({ resources }) =>
      (resources?.requests?.["ephemeral-storage"] === undefined ||
        resources.limits?.["ephemeral-storage"] === undefined) &&
      "has no request or no limit of ephemeral storage"
  ),
  ofContainers(
    { id: "probes", asks: "have a startup, a readiness and a liveness probe" },
    ({ livenessProbe, readinessProbe, startupProbe }, { kind }) =>
      serves(kind) &&
      [livenessProbe, readinessProbe, startupProbe].includes(undefined) &&
      "lacks a probe"
  ),
  ofContainers(
    {
      id: "liveness-differs",
      asks: "be asked by liveness more patiently than by readiness: a store that is away is no reason to start anew",
      productionOnly: true
    },
    ({ livenessProbe: live, readinessProbe: ready }) => {
      if (live === undefined || ready === undefined) return undefined
      const patience = (probe: typeof live) =>
        (probe.periodSeconds ?? 10) * (probe.failureThreshold ?? 3)
      return patience(live) <= patience(ready) && "is killed as soon as it is not ready"
    }
  ),
  ofContainers(
    {
      id: "read-only-root",
      asks: "have a root file system that it cannot write to",
      productionOnly: true
    },
    ({ securityContext }) =>
      securityContext?.readOnlyRootFilesystem !== true && "can write to its root"
  ),
  ofContainers(
    { id: "no-privilege-escalation", asks: "be refused more privileges later" },
    ({ securityContext }) =>
      securityContext?.allowPrivilegeEscalation !== false &&
      "may gain privileges, as allowPrivilegeEscalation is not false"
  ),
  ofContainers(
    { id: "not-privileged", asks: "not be privileged" },
    ({ securityContext }) => securityContext?.privileged === true && "is privileged"
  ),
  ofContainers(
    { id: "no-capabilities", asks: "drop all capabilities and add none" },
    ({ securityContext }) =>
      (!securityContext?.capabilities?.drop?.includes("ALL") ||
        (securityContext.capabilities.add ?? []).length > 0) &&
      "keeps or adds capabilities"
  ),
  ofContainers(
    { id: "proc-mount", asks: "see /proc masked" },
    ({ securityContext }) =>
      (securityContext?.procMount ?? "Default") !== "Default" && "sees all of /proc"
  ),
  ofContainers(
    { id: "port-numbers", asks: "listen above 1024, on no port of the node" },
    ({ ports = [] }) => {
      const odd = ports.find(
        ({ containerPort, hostPort }) => containerPort < 1024 || hostPort !== undefined
      )
      return odd !== undefined && `listens on ${odd.hostPort ?? odd.containerPort}`
    }
  ),
  ofContainers(
    { id: "no-duplicate-variables", asks: "name each environment variable once" },
    ({ env = [] }) => {
      const names = env.map(({ name }) => name)
      const twice = names.find((name, index) => names.indexOf(name) !== index)
      return twice !== undefined && `names ${twice} twice`
    }
  ),
  ofContainers(
    {
      id: "secrets-as-files",
      asks: "read secrets from files, not from the environment, which children and dumps show",
      productionOnly: true
    },
    ({ env = [], envFrom = [] }) => {
      const secret = env.find(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined)
      if (secret !== undefined) return `gets the secret ${secret.name} as a variable`
      return (
        envFrom.some(({ secretRef }) => secretRef !== undefined) &&
        "gets a whole Secret as variables"
      )
    }
  )
]
