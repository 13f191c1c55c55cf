import { aucDifference, aucInterval } from "@analytics/ml-models/metrics/aucDifference"
import {
  calibrationError,
  calibrationTable
} from "@analytics/ml-models/metrics/calibrationTable"
import { baseRate } from "@analytics/ml-models/train/baseRate"
import { calibrate } from "@analytics/ml-models/train/calibrate"
import {
  logOddsOf,
  type Model,
  probabilitiesOf
} from "@analytics/ml-models/train/predict"
import { trainLinear } from "@analytics/ml-models/train/trainLinear"
import { trainTrees } from "@analytics/ml-models/train/trainTrees"
import { Console, Effect, Result } from "effect"
import { nonlinearLaw } from "../../libs/ml-models/test/support/laws.ts"

/**
 * How long a model takes to train and how good it gets, on labels drawn from a law that
 * is known: `bun bench/training/main.ts [rows, 100000]`. Ends with 1 when the trees are
 * more than 0.01 of AUC from the best possible.
 */
const rows = Number(process.argv[2] ?? "100000")
const REPEATS = 3

/**
 * The median of runs after a first one, in seconds of the clock and of the processor.
 */
const measured = <A>(make: () => A) => {
  const runs: Array<{ clock: number; processor: number }> = []
  let made = make()
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const from = performance.now()
    const before = process.cpuUsage()
    made = make()
    const { user, system } = process.cpuUsage(before)
    const clock = (performance.now() - from) / 1000
    runs.push({ clock, processor: (user + system) / 1e6 })
  }
  const [, middle] = runs.toSorted((a, b) => a.clock - b.clock)
  return {
    made,
    took: `${middle?.clock.toFixed(2)} s`,
    processor: `${middle?.processor.toFixed(2)} s of CPU`
  }
}

const megabytes = () => (process.memoryUsage.rss() / 1e6).toFixed(0)

const program = Effect.gen(function* () {
  const training = nonlinearLaw(rows, 1)
  const validation = nonlinearLaw(Math.ceil(rows / 5), 2)
  const holdout = nonlinearLaw(100_000, 3)
  yield* Console.log(
    `${rows} rows to train on, ${validation.rows} to stop and calibrate by, ` +
      `${holdout.rows} held out, 20 features; ${megabytes()} MB before`
  )
  const best = aucInterval(holdout.labels, holdout.truth)?.value ?? 0
  const trees = measured(() => Result.getOrThrow(trainTrees(training, { validation })))
  const memory = megabytes()
  const linear = measured(() => Result.getOrThrow(trainLinear(training)))
  const treeOdds = logOddsOf(trees.made.model, holdout)
  const linearOdds = logOddsOf(linear.made, holdout)

  const report = (name: string, model: Model, seconds: string) => {
    const odds = logOddsOf(model, holdout)
    const calibration = calibrate(logOddsOf(model, validation), validation.labels)
    const said = probabilitiesOf({ ...model, calibration }, holdout)
    const error = calibrationError(calibrationTable(holdout.labels, said))
    const auc = aucInterval(holdout.labels, odds)
    return Console.log(
      `${name}: AUC ${auc?.value.toFixed(4)} ± ${auc?.error.toFixed(4)}, ` +
        `calibration error ${error.toFixed(4)}, ${seconds}`
    )
  }
  yield* Console.log(`best possible: AUC ${best.toFixed(4)}`)
  yield* report(
    `trees (${trees.made.model.trees.length})`,
    trees.made.model,
    `${trees.took}, ${trees.processor}, ${memory} MB`
  )
  yield* report("linear", linear.made, `${linear.took}, ${linear.processor}`)
  yield* report("base rate", baseRate(training), "0 s")
  const better = aucDifference(holdout.labels, treeOdds, linearOdds)
  yield* Console.log(
    `trees − linear: ${better?.low.toFixed(4)} to ${better?.high.toFixed(4)} (95 %)`
  )
  const own = aucInterval(holdout.labels, treeOdds)?.value ?? 0
  return best - own > 0.01 ? 1 : 0
})

process.exit(await Effect.runPromise(program))
