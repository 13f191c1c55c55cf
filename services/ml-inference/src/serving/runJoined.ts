import type { Tensor } from "@analytics/inference-protocol/Tensor"
import { Effect } from "effect"
import type { Executor, RunEnd } from "../execution/Executors.ts"

/** One run of the rows of several requests, whose inputs are in the same order. */
export const runJoined = (
  executor: Executor,
  requests: ReadonlyArray<ReadonlyArray<Tensor>>
): Effect.Effect<RunEnd> =>
  Effect.callback((resume) => {
    const [first = [], ...others] = requests
    const joined = first.map(({ datatype, name, shape }, n) => {
      const rows = requests.reduce((all, it) => all + (it[n]?.shape[0] ?? 0), 0)
      return {
        name,
        datatype,
        shape: others.length === 0 ? shape : [rows, ...shape.slice(1)],
        parts: requests.flatMap((it) => it[n]?.bytes ?? [])
      }
    })
    executor.submit(joined, [], (end) => resume(Effect.succeed(end)))
  })
