import type { Edit } from "./spoil.ts"

const api = "Deployment/analytics-api"
const pod = "/spec/template/spec"
const container = `${pod}/containers/0`
const label = "app.kubernetes.io~1name"

/** What breaks a policy: changes of the objects of production, or objects beside them. */
export interface Bad {
  readonly rule: string
  readonly edits?: ReadonlyArray<Edit>
  readonly more?: string
}

const one = (rule: string, pointer: string, value: unknown, title = api): Bad => ({
  rule,
  edits: [[title, pointer, value]]
})

const head = (apiVersion: string, kind: string, name = "bad") =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}, namespace: analytics, labels: { app.kubernetes.io/part-of: analytics } }\n`

const role = (rules: string): Bad => ({
  rule: "least-rights",
  more: `${head("rbac.authorization.k8s.io/v1", "Role")}rules: [${rules}]\n`
})

export const badPolicies: ReadonlyArray<Bad> = [
  one("image-tag", `${container}/image`, "registry.example.com/analytics-api:latest"),
  one("image-tag", `${container}/image`, "analytics-api"),
  one("pull-policy", `${container}/imagePullPolicy`, "Always"),
  one("cpu-request", `${container}/resources/requests/cpu`, undefined),
  one("no-cpu-limit", `${container}/resources/limits/cpu`, "1"),
  one("memory", `${container}/resources/limits/memory`, undefined),
  one("memory", `${container}/resources/requests/memory`, undefined),
  one(
    "ephemeral-storage",
    `${container}/resources/limits/ephemeral-storage`,
    undefined
  ),
  one("probes", `${container}/livenessProbe`, undefined),
  one("probes", `${container}/readinessProbe`, undefined),
  one("probes", `${container}/startupProbe`, undefined),
  one("liveness-differs", `${container}/livenessProbe`, {
    httpGet: { path: "/readyz", port: "http" },
    periodSeconds: 2,
    failureThreshold: 2
  }),
  one("read-only-root", `${container}/securityContext/readOnlyRootFilesystem`, false),
  one(
    "no-privilege-escalation",
    `${container}/securityContext/allowPrivilegeEscalation`,
    undefined
  ),
  one("not-privileged", `${container}/securityContext/privileged`, true),
  one("no-capabilities", `${container}/securityContext/capabilities/drop`, ["NET_RAW"]),
  one("no-capabilities", `${container}/securityContext/capabilities/add`, [
    "SYS_ADMIN"
  ]),
  one("proc-mount", `${container}/securityContext/procMount`, "Unmasked"),
  one("port-numbers", `${container}/ports/0/containerPort`, 22),
  one("port-numbers", `${container}/ports/0/hostPort`, 4000),
  one("no-duplicate-variables", `${container}/env`, [
    { name: "PORT", value: "1" },
    { name: "PORT", value: "2" }
  ]),
  one("secrets-as-files", `${container}/env`, [
    { name: "ADMIN_KEY", valueFrom: { secretKeyRef: { name: "keys", key: "a" } } }
  ]),
  one("secrets-as-files", `${container}/envFrom/-`, { secretRef: { name: "keys" } }),
  one("non-root", `${pod}/securityContext/runAsNonRoot`, undefined),
  one("non-root", `${container}/securityContext/runAsUser`, 0),
  one("high-uid", `${pod}/securityContext/runAsUser`, 1000),
  one("high-uid", `${pod}/securityContext/runAsGroup`, undefined),
  one("seccomp", `${pod}/securityContext/seccompProfile/type`, "Unconfined"),
  one("seccomp", `${pod}/securityContext/seccompProfile`, undefined),
  one("host-namespaces", `${pod}/hostNetwork`, true),
  one("host-namespaces", `${pod}/hostPID`, true),
  one("host-namespaces", `${pod}/hostIPC`, true),
  one("host-path", `${pod}/volumes/-`, {
    name: "docker",
    hostPath: { path: "/var/run/docker.sock" }
  }),
  one("host-aliases", `${pod}/hostAliases`, [{ ip: "10.0.0.1", hostnames: ["a"] }]),
  one("sysctls", `${pod}/securityContext/sysctls`, [{ name: "kernel.a", value: "1" }]),
  one("no-token", `${pod}/automountServiceAccountToken`, undefined),
  one("no-service-links", `${pod}/enableServiceLinks`, undefined),
  one("own-account", `${pod}/serviceAccountName`, "default"),
  one("own-account", `${pod}/serviceAccount`, "analytics-api"),
  one("own-account", "/metadata/name", "other", "ServiceAccount/analytics-api"),
  one("spread", `${pod}/topologySpreadConstraints/0`, undefined),
  one(
    "spread",
    `${pod}/topologySpreadConstraints/0/labelSelector/matchLabels/${label}`,
    "other"
  ),
  one("zone-spread", `${pod}/topologySpreadConstraints/1`, undefined),
  one("selector", `/spec/selector/matchLabels/${label}`, "other"),
  one("rolling-update", "/spec/strategy/rollingUpdate/maxUnavailable", 1),
  one("rolling-update", "/spec/strategy/type", "Recreate"),
  one("replicas", "/spec/replicas", 1, "Deployment/loader"),
  one("replicas", "/spec/replicas", 2),
  one("replicas", "/spec/minReplicas", 1, "HorizontalPodAutoscaler/analytics-api"),
  one(
    "autoscaler",
    "/spec/scaleTargetRef/name",
    "other",
    "HorizontalPodAutoscaler/analytics-api"
  ),
  one("autoscaler", "/spec/maxReplicas", 2, "HorizontalPodAutoscaler/analytics-api"),
  one(
    "disruption-budget",
    `/spec/selector/matchLabels/${label}`,
    "other",
    "PodDisruptionBudget/loader"
  ),
  one("disruption-budget", "/spec/maxUnavailable", 0, "PodDisruptionBudget/loader"),
  one(
    "disruption-budget",
    "/spec/unhealthyPodEvictionPolicy",
    undefined,
    "PodDisruptionBudget/loader"
  ),
  {
    rule: "disruption-budget",
    more: `${head("policy/v1", "PodDisruptionBudget")}spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: AlwaysAllow, selector: { matchLabels: { app.kubernetes.io/name: loader } } }\n`
  },
  one("jobs", "/spec/activeDeadlineSeconds", undefined, "Job/migrations-0-8-0"),
  one("jobs", `${pod}/restartPolicy`, "OnFailure", "Job/migrations-0-8-0"),
  {
    rule: "volume-claims",
    more: `${head("apps/v1", "StatefulSet")}spec: { serviceName: bad, selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { containers: [{ name: a, image: "a:1" }] } }, volumeClaimTemplates: [{ metadata: { name: data }, spec: { accessModes: [ReadWriteMany], resources: { requests: { storage: 1Gi } } } }] }\n`
  },
  {
    rule: "volume-claims",
    more: `${head("apps/v1", "StatefulSet")}spec: { selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { containers: [{ name: a, image: "a:1" }] } } }\n`
  },
  one(
    "network-policy",
    `/spec/podSelector/matchLabels/${label}`,
    "other",
    "NetworkPolicy/loader"
  ),
  one("network-policy", "/spec/policyTypes", ["Ingress"], "NetworkPolicy/loader"),
  one("service-type", "/spec/type", "NodePort", "Service/analytics-api"),
  one("service-type", "/spec/type", "LoadBalancer", "Service/analytics-api"),
  role('{ apiGroups: ["*"], resources: [pods], verbs: [list] }'),
  role('{ apiGroups: [""], resources: [secrets], verbs: [get] }'),
  role('{ apiGroups: [""], resources: [pods], verbs: [create] }'),
  role('{ apiGroups: [""], resources: [pods/exec], verbs: [get] }'),
  one(
    "least-rights",
    "/roleRef",
    {
      apiGroup: "rbac.authorization.k8s.io",
      kind: "ClusterRole",
      name: "cluster-admin"
    },
    "RoleBinding/batch-processor"
  ),
  one(
    "least-rights",
    "/subjects",
    [{ kind: "Group", name: "system:anonymous" }],
    "RoleBinding/batch-processor"
  ),
  {
    rule: "least-rights",
    more: `${head("rbac.authorization.k8s.io/v1", "ClusterRole")}rules: []\n`
  },
  one("namespace", "/metadata/namespace", undefined),
  one("labels", "/metadata/labels/app.kubernetes.io~1part-of", undefined),
  one("labels", `/metadata/labels/${label}`, "two words"),
  {
    rule: "pod-security",
    more: "apiVersion: v1\nkind: Namespace\nmetadata: { name: analytics, labels: { pod-security.kubernetes.io/enforce: baseline } }\n"
  }
]
