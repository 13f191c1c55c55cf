import type { MlConfig } from "@analytics/config/MlConfig"
import { Duration, Effect } from "effect"
import type { Signature } from "../execution/Executors.ts"
import { ModelInadmissible } from "./RegistryProblems.ts"
import type { NewVersion, VersionSettings } from "./Version.ts"

type Asked = Pick<NewVersion, "batching" | "limits" | "instances">

/** Rows of one run of a version that does not say. */
const DEFAULT_ROWS = 256

/** Bytes; what `LimitSettings` takes. */
const LEAST_MEMORY = 64 * 1024 * 1024
const MOST_MEMORY = 2 ** 40
/** Milliseconds, of which a version may have no more either. */
const LONGEST = 600_000

/** What the configuration says, as a version may have it. */
const bounded = (value: number, least: number, most: number): number =>
  Math.min(most, Math.max(least, Math.floor(value)))

/** What a version is to have: what was asked for, else the defaults; nothing beyond them. */
export const askedSettings = Effect.fnUntraced(function* (
  { batching, instances = 1, limits }: Asked,
  config: MlConfig["Service"]
): Effect.fn.Return<VersionSettings, ModelInadmissible> {
  const most = {
    memory: bounded(config.executorMemory, LEAST_MEMORY, MOST_MEMORY),
    loadTime: bounded(Duration.toMillis(config.loadTimeout), 1, LONGEST),
    runTime: bounded(Duration.toMillis(config.runTimeout), 1, LONGEST)
  }
  for (const name of ["memory", "loadTime", "runTime"] as const)
    if ((limits?.[name] ?? 0) > most[name])
      return yield* ModelInadmissible.at(
        `/limits/${name}`,
        `It may be ${most[name]} at most.`
      )
  if (instances > config.maxInstances)
    return yield* ModelInadmissible.at(
      "/instances",
      `There may be ${config.maxInstances} at most (ML_MAX_INSTANCES).`
    )
  return {
    batching: {
      maxRows: DEFAULT_ROWS,
      window: 0,
      queueRows: config.queueRows,
      ...batching
    },
    limits: { ...most, ...limits },
    instances
  }
})

/** Rows are joined only where every first dimension is free. */
export const mostRows = Effect.fnUntraced(function* (
  { batching: asked }: Asked,
  batching: VersionSettings["batching"],
  { inputs, outputs }: Signature
): Effect.fn.Return<VersionSettings["batching"], ModelInadmissible> {
  const fixed = [...inputs, ...outputs].find(({ shape }) => shape[0] !== -1)
  if (fixed === undefined) return batching
  if ((asked?.maxRows ?? 1) > 1)
    return yield* ModelInadmissible.at(
      "/batching/maxRows",
      `Rows cannot be joined: the first dimension of "${fixed.name}" is not free. Leave it out, or say 1.`
    )
  return { ...batching, maxRows: 1 }
})
