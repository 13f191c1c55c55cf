import {
  alwaysPulls,
  by,
  noCpuLimit,
  noCronJob,
  noIngress,
  not,
  type Reference
} from "./Reference.ts"

/** The rules of kube-score, the optional ones too. */
export const kubeScore: ReadonlyArray<Reference> = [
  not("ingress-targets-service", noIngress),
  not("cronjob-has-deadline", noCronJob),
  not("cronjob-restartpolicy", noCronJob),
  by("container-resources", "cpu-request", "memory"),
  not("container-resource-requests-equal-limits", noCpuLimit),
  not("container-cpu-requests-equal-limits", noCpuLimit),
  not(
    "container-memory-requests-equal-limits",
    "what a service needs most is several times what it needs at rest; `memory-fits` holds the limit to its settings"
  ),
  by("container-image-tag", "image-tag"),
  not("container-image-pull-policy", alwaysPulls),
  by("container-ephemeral-storage-request-and-limit", "ephemeral-storage"),
  not(
    "container-ephemeral-storage-request-equals-limit",
    "a cache of models is rarely full; `disk-fits` holds the limit to the volumes"
  ),
  by("container-ports-check", "ports"),
  by("environment-variable-key-duplication", "no-duplicate-variables", "configuration"),
  by("statefulset-has-poddisruptionbudget", "disruption-budget"),
  by("deployment-has-poddisruptionbudget", "disruption-budget"),
  by("poddisruptionbudget-has-policy", "disruption-budget"),
  by("pod-networkpolicy", "network-policy"),
  by("networkpolicy-targets-pod", "network-policy-targets"),
  by("pod-probes", "probes", "health"),
  by("pod-probes-identical", "liveness-differs"),
  by("container-security-context-user-group-id", "high-uid"),
  by("container-security-context-privileged", "not-privileged"),
  by("container-security-context-readonlyrootfilesystem", "read-only-root"),
  by("container-seccomp-profile", "seccomp"),
  by("service-targets-pod", "ports"),
  by("service-type", "service-type"),
  by("stable-version", "schema"),
  by("deployment-has-host-podantiaffinity", "spread"),
  by("statefulset-has-host-podantiaffinity", "spread"),
  by("pod-topology-spread-constraints", "spread", "zone-spread"),
  by("deployment-targeted-by-hpa-does-not-have-replicas-configured", "replicas"),
  by("deployment-strategy", "rolling-update"),
  by("deployment-replicas", "replicas"),
  by("horizontalpodautoscaler-has-target", "autoscaler"),
  by("horizontalpodautoscaler-replicas", "autoscaler", "replicas"),
  by("statefulset-has-servicename", "volume-claims"),
  by("deployment-pod-selector-labels-match-template-metadata-labels", "selector"),
  by("statefulset-pod-selector-labels-match-template-metadata-labels", "selector"),
  by("label-values", "labels")
]
