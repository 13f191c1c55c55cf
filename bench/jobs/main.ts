import { Deferred, Effect, Layer, ManagedRuntime, References } from "effect"
import { Begun } from "./Begun.ts"
import { bareLive, startBare } from "./bare.ts"
import { fullLive, listening, submit } from "./full.ts"

/**
 * Jobs that do nothing: how many a second one runner finishes, and how long from a request
 * until the job begins, beside a bare workflow of the engine on the same kind of storage, in
 * turns: `bun bench/jobs/main.ts [jobs of a round]`.
 */
const JOBS = Number(process.argv[2] ?? 100)
const ROUNDS = 5
const ALONE = 20
const AT_ONCE = 16

interface Figures {
  /** Of each round. */
  readonly perSecond: Array<number>
  /** Milliseconds from a request to its beginning, one after the other. */
  readonly delays: Array<number>
}

const round = Effect.fnUntraced(function* <E, R>(
  start: (id: string) => Effect.Effect<void, E, R>,
  name: string,
  figures: Figures
) {
  const { begun } = yield* Begun
  const finished = (id: string) =>
    Effect.timeout(Deferred.await(begun(id).ended), "60 seconds")
  for (let n = 0; n < ALONE; n++) {
    const id = `${name} alone ${n}`
    const sentAt = performance.now()
    yield* start(id)
    yield* finished(id)
    figures.delays.push((begun(id).at ?? Number.NaN) - sentAt)
  }
  const ids = Array.from({ length: JOBS }, (_, n) => `${name} many ${n}`)
  const sentAt = performance.now()
  yield* Effect.forEach(ids, start, { concurrency: AT_ONCE, discard: true })
  yield* Effect.forEach(ids, finished, { discard: true })
  figures.perSecond.push((1000 * JOBS) / (performance.now() - sentAt))
})

const quiet = Layer.succeed(References.MinimumLogLevel, "Error")
const none = (): Figures => ({ perSecond: [], delays: [] })
const bareRuntime = ManagedRuntime.make(bareLive.pipe(Layer.provideMerge(quiet)))
const fullRuntime = ManagedRuntime.make(fullLive.pipe(Layer.provideMerge(quiet)))

const [bare, full] = await fullRuntime.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      yield* listening(fullRuntime)
      const bareContext = yield* bareRuntime.contextEffect
      const ofBare = none()
      const ofFull = none()
      const both = Effect.fnUntraced(function* (
        name: string,
        one: Figures,
        two: Figures
      ) {
        yield* Effect.provide(round(startBare, name, one), bareContext)
        yield* round(submit, name, two)
      })
      yield* both("warm", none(), none())
      for (let n = 0; n < ROUNDS; n++) yield* both(String(n), ofBare, ofFull)
      return [ofBare, ofFull].map(summary)
    })
  )
)
await Promise.all([bareRuntime.dispose(), fullRuntime.dispose()])

function summary({ delays, perSecond }: Figures) {
  return { perSecond: at(perSecond, 0.5), p50: at(delays, 0.5), p95: at(delays, 0.95) }
}

function at(values: ReadonlyArray<number>, share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN
}

const row = (name: string, { p50, p95, perSecond }: ReturnType<typeof summary>) =>
  `${name.padEnd(12)} ${perSecond.toFixed(0).padStart(8)} ${p50.toFixed(1).padStart(9)} ${p95.toFixed(1).padStart(9)}\n`
if (bare === undefined || full === undefined) throw new Error("nothing was measured")
process.stdout.write(
  `             ${"no-ops/s".padStart(8)} ${"p50 ms".padStart(9)} ${"p95 ms".padStart(9)}   from request to beginning\n${row("bare engine", bare)}${row("jobs", full)}ratio        ${(full.perSecond / bare.perSecond).toFixed(2).padStart(8)} ${(full.p50 / bare.p50).toFixed(2).padStart(9)} ${(full.p95 / bare.p95).toFixed(2).padStart(9)}\n`
)
process.exit(0)
