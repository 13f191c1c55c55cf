import type { Tensor } from "@analytics/inference-protocol/Tensor"
import type { Run, Waiting } from "./batching.ts"
import { cut } from "./rowsOf.ts"

/** Gives each request of a run its rows; false when the outputs cannot be told apart. */
export const answer = (
  requests: ReadonlyArray<Waiting>,
  outputs: ReadonlyArray<Tensor>,
  run: Run
): boolean => {
  const [first] = requests
  if (first !== undefined && requests.length === 1) {
    if (!first.dropped) first.done({ _tag: "Answered", outputs, run })
    return true
  }
  const rows = requests.map(({ request }) => request.rows)
  const parts: Array<ReadonlyArray<Tensor>> = []
  for (const output of outputs) {
    const cuts = cut(output, rows)
    if (cuts === undefined) return false
    parts.push(cuts)
  }
  requests.forEach((request, n) => {
    if (!request.dropped)
      request.done({
        _tag: "Answered",
        outputs: parts.flatMap((it) => it[n] ?? []),
        run
      })
  })
  return true
}
