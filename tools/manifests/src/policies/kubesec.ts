import { by, noCpuLimit, not, type Reference } from "./Reference.ts"

/** The rules of kubesec. */
export const kubesec: ReadonlyArray<Reference> = [
  by("HostNetwork", "host-namespaces"),
  by("HostPID", "host-namespaces"),
  by("HostIPC", "host-namespaces"),
  not(
    "HostUsers",
    "user namespaces need support of the node's kernel and runtime; the pods run without root and capabilities as it is"
  ),
  by("ReadOnlyRootFilesystem", "read-only-root"),
  by("RunAsNonRoot", "non-root"),
  by("RunAsUser", "high-uid"),
  by("RunAsGroup", "high-uid"),
  by("Privileged", "not-privileged"),
  by("ProcMount", "proc-mount"),
  by("CapSysAdmin", "no-capabilities"),
  by("CapDropAny", "no-capabilities"),
  by("CapDropAll", "no-capabilities"),
  by("DockerSock", "host-path"),
  by("RequestsCPU", "cpu-request"),
  not("LimitsCPU", noCpuLimit),
  by("RequestsMemory", "memory"),
  by("LimitsMemory", "memory"),
  by("ServiceAccountName", "own-account"),
  by("AutomountServiceAccountToken", "no-token"),
  by("HostAliases", "host-aliases"),
  by("SeccompAny", "seccomp"),
  by("SeccompUnconfined", "seccomp"),
  not(
    "ApparmorAny",
    "not every node has AppArmor; where it is there, the runtime's profile applies by itself"
  ),
  not("ApparmorUnconfined", "no pod asks for a profile, so that the runtime's applies"),
  by("VolumeClaimAccessModeReadWriteOnce", "volume-claims"),
  by("VolumeClaimRequestsStorage", "volume-claims"),
  by("AllowPrivilegeEscalation", "no-privilege-escalation"),
  by("SecretsAsEnvironmentVariables", "secrets-as-files"),
  by("BindingsToSystemAnonymous", "least-rights")
]
