import { configuration } from "./configuration.ts"
import { connections, policyTargets } from "./connections.ts"
import type { Check } from "./Installation.ts"
import { agreement, clusterName, images, jobName } from "./images.ts"
import { disk, drain, memory, pools } from "./limits.ts"
import { health, ports } from "./ports.ts"
import { runnerHealth, runners } from "./runners.ts"

/** Whether the objects of an installation fit each other, all of them. */
export const checks: ReadonlyArray<Check> = [
  configuration,
  connections,
  runners,
  runnerHealth,
  policyTargets,
  ports,
  health,
  drain,
  memory,
  disk,
  pools,
  images,
  jobName,
  clusterName,
  agreement
]
