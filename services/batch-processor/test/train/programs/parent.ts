import { Effect } from "effect"
import { runTrainer } from "../../../src/types/train/trainer/runTrainer.ts"

/** Starts a trainer that computes for ever, says its process id, and waits. */
const [, , program = "", folder = ""] = process.argv
await Effect.runPromise(
  runTrainer(program, folder, { memory: 2 ** 30, time: 600_000 }, ({ stage }) =>
    Effect.sync(() => process.stdout.write(`${stage}\n`))
  )
)
