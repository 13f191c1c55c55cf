import { readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Console, Effect, Option, Redacted, Schedule, Schema, Stream } from "effect"
import { Command } from "effect/cli"
import { call } from "../ApiClient.ts"
import { drawFunnel } from "../demo/drawFunnel.ts"
import { makeReports } from "../demo/makeReports.ts"
import { makeShoppers, type ShopEvent, type Shopper } from "../demo/Shop.ts"
import { funnelSteps, funnelWindowSeconds, trueFunnel } from "../demo/truth.ts"
import { deliver } from "../IngestClient.ts"
import { makeProgress } from "../Progress.ts"
import { NoTarget, readTarget, stackFlag, type Target } from "../Target.ts"

const day = 24 * 3600 * 1000
const batchSize = 250

/** The demo as `demo.json` keeps it; `until` fixes the events, so that a rerun repeats them. */
const DemoState = Schema.Struct({
  projectId: Schema.String,
  writeKey: Schema.String,
  secretKey: Schema.String,
  complete: Schema.Boolean,
  until: Schema.optionalKey(Schema.Int)
})

class DemoFailed extends Schema.TaggedError<DemoFailed>()("DemoFailed", {
  message: Schema.String
}) {}

const fail = (error: unknown) => new DemoFailed({ message: String(error) })
const path = (target: Target) => join(target.data, "demo.json")

const readState = Effect.fn("demo.readState")(function* (target: Target) {
  const text = yield* Effect.tryPromise({
    try: () => readFile(path(target), "utf8").catch(() => "{}"),
    catch: fail
  })
  const kept = Schema.decodeUnknownOption(Schema.fromJsonString(DemoState))(text)
  if (Option.isSome(kept)) return kept.value
  if (Option.isSome(target.demo)) return { ...target.demo.value, complete: false }
  return yield* new NoTarget({ message: "this stack has no demo project" })
})

const writeState = (target: Target, state: typeof DemoState.Type) =>
  Effect.tryPromise({
    try: async () => {
      const draft = `${path(target)}.draft`
      await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
      await rename(draft, path(target))
    },
    catch: fail
  })

const Accounting = Schema.Struct({
  accepted: Schema.Int,
  stored: Schema.Int,
  duplicate: Schema.Int,
  pending: Schema.Int,
  balanced: Schema.Boolean
})

const FunnelAnswer = Schema.Struct({
  result: Schema.Struct({
    groups: Schema.Array(
      Schema.Struct({
        steps: Schema.Array(Schema.Struct({ event: Schema.String, count: Schema.Int }))
      })
    )
  }),
  meta: Schema.Struct({ elapsedMs: Schema.Finite })
})

const bodies = (events: ReadonlyArray<ShopEvent>): ReadonlyArray<string> =>
  Array.from({ length: Math.ceil(events.length / batchSize) }, (_, index) =>
    JSON.stringify({ batch: events.slice(index * batchSize, (index + 1) * batchSize) })
  )

const sendAll = Effect.fn("demo.sendAll")(function* (
  target: Target,
  writeKey: string,
  events: ReadonlyArray<ShopEvent>
) {
  const progress = yield* makeProgress("demo shop", events.length)
  let sent = 0
  yield* Stream.fromIterable(bodies(events)).pipe(
    Stream.mapEffect((body) => deliver(target.ingestion, writeKey, body), {
      concurrency: 4
    }),
    Stream.runForEach(({ accepted, rejected }) => {
      sent += accepted
      progress.update(sent, sent)
      return rejected.length === 0
        ? Effect.void
        : Effect.fail(fail(`the service refused: ${rejected[0]?.reason}`))
    })
  )
}, Effect.scoped)

/** Waits until every event has left the inbox. */
const settled = (target: Target, secretKey: string) =>
  call("GET", `${target.ingestion}/v1/accounting`, secretKey, Accounting).pipe(
    Effect.repeat({
      until: (accounting) => accounting.pending === 0,
      schedule: Schedule.spaced("100 millis"),
      times: 3000
    })
  )

const askFunnel = (target: Target, secretKey: string, until: number) =>
  call("POST", `${target.api}/v1/query`, secretKey, FunnelAnswer, {
    kind: "funnel",
    from: new Date(until - 90 * day).toISOString(),
    to: new Date(until).toISOString(),
    order: "ordered",
    windowSeconds: funnelWindowSeconds,
    steps: funnelSteps.map((event) => ({ event }))
  })

const showFunnel = Effect.fn("demo.showFunnel")(function* (
  target: Target,
  secretKey: string,
  until: number,
  shoppers: ReadonlyArray<Shopper>
) {
  const { meta, result } = yield* askFunnel(target, secretKey, until)
  const steps = result.groups[0]?.steps ?? []
  yield* Console.log(
    `\nFrom a look to an order, within 7 days (${meta.elapsedMs.toFixed(0)} ms):\n` +
      drawFunnel(steps)
  )
  const truth = trueFunnel(shoppers)
  if (steps.map((step) => step.count).join() !== truth.join())
    return yield* fail(`the funnel differs from the generator's own truth: ${truth}`)
  yield* Console.log("  equal to what the generator knows of every shopper\n")
})

export const demoCommand = Command.make(
  "demo",
  { stack: stackFlag },
  Effect.fn(function* ({ stack }) {
    const target = yield* readTarget(stack)
    const kept = yield* readState(target)
    const today = Math.floor(Date.now() / day) * day
    const state = { ...kept, until: kept.until ?? today }
    yield* writeState(target, state)
    const shoppers = makeShoppers({
      seed: 20_251,
      shoppers: 6500,
      days: 90,
      until: state.until
    })
    const events = shoppers
      .flatMap((shopper) => shopper.events)
      .sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1))
    if (!state.complete) yield* sendAll(target, state.writeKey, events)
    const accounting = yield* settled(target, state.secretKey)
    if (!accounting.balanced) return yield* fail("the accounting does not balance")
    yield* showFunnel(target, state.secretKey, state.until, shoppers)
    yield* makeReports(target, Redacted.make(state.secretKey))
    yield* writeState(target, { ...state, complete: true })
  })
).pipe(
  Command.withDescription(
    "Send a believable shop's events, and check a funnel against the truth"
  )
)
