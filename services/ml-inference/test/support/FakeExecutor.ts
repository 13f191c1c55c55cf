import { Effect } from "effect"
import type { Executor, RunEnd } from "../../src/execution/Executors.ts"
import type { Joined } from "../../src/execution/frames.ts"

/** Doubles every byte, when it is told to. */
export class FakeExecutor {
  readonly runs: Array<{
    readonly inputs: ReadonlyArray<Joined>
    readonly outputs: ReadonlyArray<string>
    readonly end: (end: RunEnd) => void
  }> = []

  readonly executor: Executor = {
    pid: 0,
    signature: { inputs: [], outputs: [] },
    loadedIn: 0,
    submit: (inputs, outputs, end) => {
      this.runs.push({ inputs, outputs, end })
    },
    run: () => Effect.succeed([]),
    memory: Effect.succeed(0),
    lost: Effect.never
  }

  /** Rows of the runs that are on, by their bytes. */
  get pending(): ReadonlyArray<ReadonlyArray<number>> {
    return this.runs.map(({ inputs }) =>
      inputs.flatMap(({ parts }) => parts.flatMap((part) => [...part]))
    )
  }

  /** Ends the oldest run; without an `end` it gives twice each byte, row by row. */
  finish(end?: RunEnd): void {
    const run = this.runs.shift()
    if (run === undefined) throw new Error("nothing runs")
    const bytes = Buffer.concat(run.inputs.flatMap(({ parts }) => parts))
    run.end(
      end ?? {
        _tag: "Outputs",
        outputs: [
          {
            name: "y",
            datatype: "UINT8",
            shape: run.inputs[0]?.shape ?? [],
            bytes: bytes.map((it) => 2 * it)
          }
        ],
        took: 1000
      }
    )
  }
}
