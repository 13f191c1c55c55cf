import { describe, expect } from "bun:test"
import { encodeLine } from "@analytics/data-processing/InboxEvent"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Exit, Layer, Scope } from "effect"
import { SqlClient } from "effect/sql"
import fc from "fast-check"
import { InboxRepo } from "../../src/inbox/InboxRepo.ts"
import { rowsOf, type Submission } from "../../src/inbox/InboxRow.ts"
import { isOutdatedMap, ShardMap } from "../../src/inbox/ShardMap.ts"
import { Loader } from "../../src/loader/Loader.ts"
import { loaderLayer } from "../../src/loader/layers.ts"
import { ShardRepo } from "../../src/shards/ShardRepo.ts"
import { WatermarkRepo } from "../../src/watermark/WatermarkRepo.ts"
import { crash, inserting } from "../loader/faults.ts"
import { AT, outcomes, storedMessages, stores, track } from "../loader/loaderTest.ts"

const long = process.env["TEST_LONG"] === "1"

/** A step of a course; `receiver` and `shard` are 0 or 1, and 0 to 3. */
type Step =
  | {
      readonly do: "send"
      readonly receiver: 0 | 1
      readonly ids: ReadonlyArray<number>
    }
  /** A receiver looks at the map, as it does every five seconds. */
  | { readonly do: "look"; readonly receiver: 0 | 1 }
  | { readonly do: "divide"; readonly count: number }
  /** A loader that lives on, with what it remembers, or one that is new. */
  | { readonly do: "load"; readonly shard: number; readonly fresh: boolean }
  /** A loader that dies between its claims and its events. */
  | { readonly do: "crash"; readonly shard: number }

const shard = fc.integer({ min: 0, max: 3 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      receiver: fc.constantFrom(0 as const, 1 as const),
      ids: fc.array(fc.nat(11), { minLength: 1, maxLength: 8 })
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("divide" as const),
      count: fc.integer({ min: 1, max: 4 })
    })
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("load" as const),
      shard,
      fresh: fc.boolean()
    })
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("look" as const),
      receiver: fc.constantFrom(0 as const, 1 as const)
    })
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash" as const), shard }) }
)

const layer = Layer.mergeAll(ShardRepo.layer, WatermarkRepo.layer).pipe(
  Layer.provideMerge(InboxRepo.layer),
  Layer.provideMerge(stores)
)

const submission = (course: number, ids: ReadonlyArray<number>): Submission => {
  const events = ids.map((id) => track(`${course}-${id}`, { t: AT }))
  return {
    projectId: 1,
    lane: "live",
    messageIds: events.map(({ m }) => m),
    months: 202603,
    lines: events.map(encodeLine)
  }
}

/** Both a loader's process and its death. */
interface Alive {
  readonly loader: Loader["Service"]
  readonly scope: Scope.Closeable
}

const run = Effect.fnUntraced(function* (course: number, steps: ReadonlyArray<Step>) {
  const sql = yield* SqlClient.SqlClient
  const inbox = yield* InboxRepo
  const shards = yield* ShardRepo
  const alive = new Map<number, Alive>()
  // Two receivers, each with a map that it reads again only when it is told to.
  const receivers = yield* Effect.all([
    Layer.build(Layer.fresh(ShardMap.layer)),
    Layer.build(Layer.fresh(ShardMap.layer))
  ])
  const sent = new Set<string>()
  let accepted = 0

  const kill = Effect.fnUntraced(function* (which: number) {
    const one = alive.get(which)
    alive.delete(which)
    if (one !== undefined) yield* Scope.close(one.scope, Exit.void)
  })
  const living = Effect.fnUntraced(function* (which: number) {
    const known = alive.get(which)
    if (known !== undefined) return known.loader
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(loaderLayer(which), scope)
    const loader = yield* Effect.provide(Loader, context)
    alive.set(which, { loader, scope })
    return loader
  })
  const known = Effect.map(
    sql<{ shard: number }>`SELECT shard FROM ingest.shards ORDER BY shard`,
    (rows) => rows.map((row) => row.shard)
  )

  for (const step of steps) {
    switch (step.do) {
      case "send": {
        const map = yield* Effect.provide(ShardMap, receivers[step.receiver])
        const item = submission(course, step.ids)
        yield* Effect.suspend(() =>
          inbox.commit(rowsOf([item], map.current()), `w${step.receiver}`)
        ).pipe(
          Effect.tapError((error) =>
            isOutdatedMap(error) ? map.refresh : Effect.void
          ),
          Effect.retry({ while: isOutdatedMap, times: 1 })
        )
        for (const id of item.messageIds) sent.add(`1 ${id}`)
        accepted += step.ids.length
        break
      }
      case "look":
        yield* (yield* Effect.provide(ShardMap, receivers[step.receiver])).refresh
        break
      case "divide":
        yield* shards.divide(step.count)
        break
      case "load":
        if (!(yield* known).includes(step.shard)) break
        if (step.fresh) yield* kill(step.shard)
        yield* (yield* living(step.shard)).drain
        break
      case "crash": {
        if (!(yield* known).includes(step.shard)) break
        yield* kill(step.shard)
        const dying = inserting((request, real) =>
          request.table === "events" ? crash : real.insert(request)
        )
        yield* Effect.exit(
          Effect.flatMap(Loader, (loader) => loader.drain).pipe(
            Effect.provide(loaderLayer(step.shard)),
            Effect.provide(dying)
          )
        )
      }
    }
  }
  // Whatever waits for another shard is done when that one is.
  for (let round = 0; round < 6; round++)
    for (const which of yield* known) yield* (yield* living(which)).drain
  for (const which of alive.keys()) yield* kill(which)
  const state = yield* shards.state
  expect(state.shards.every(({ arriving, waiting }) => arriving + waiting === 0)).toBe(
    true
  )
  return { accepted, sent }
}, Effect.scoped)

const everyId = Array.from({ length: 12 }, (_, id) => id)
const sendAll: Step = { do: "send", receiver: 0, ids: everyId }
const load = (shard: number): Step => ({ do: "load", shard, fresh: false })
const divide = (count: number): Step => ({ do: "divide", count })

describe("virtual shards that come back", () => {
  const it = withLayer(layer, 60_000)

  it.effect("bring along what was stored while they were away", () =>
    Effect.gen(function* () {
      // A loader of shard 0 that lives on remembers nothing of what shard 1 stored.
      yield* run(0, [
        load(0),
        divide(2),
        sendAll,
        load(0),
        load(1),
        divide(1),
        sendAll,
        load(0)
      ])
      expect((yield* storedMessages).length).toBe(12)
      expect(yield* outcomes).toEqual({ "1 stored": 12, "1 duplicate": 12 })
    })
  )
})

describe("virtual shards that move twice before anything is loaded", () => {
  const it = withLayer(layer, 60_000)

  it.effect("wait for everybody who had them", () =>
    Effect.gen(function* () {
      const ids = Array.from({ length: 60 }, (_, id) => id)
      const sendMany: Step = { do: "send", receiver: 0, ids }
      // From shard 0 by way of shard 1, which never had rows of theirs, to shard 3.
      yield* run(0, [
        load(0),
        sendMany,
        divide(2),
        divide(4),
        sendMany,
        load(3),
        load(2),
        load(1),
        load(0)
      ])
      expect((yield* storedMessages).length).toBe(60)
      expect(yield* outcomes).toEqual({ "1 stored": 60, "1 duplicate": 60 })
    })
  )
})

describe("a receiver with an outdated map", () => {
  const it = withLayer(layer, 60_000)

  it.effect("is told so, and what it sends again meets who stored it", () =>
    Effect.gen(function* () {
      yield* run(0, [
        load(0),
        divide(2),
        { do: "look", receiver: 1 },
        { ...sendAll, receiver: 1 },
        load(0),
        load(1),
        sendAll,
        load(0),
        load(1)
      ])
      expect((yield* storedMessages).length).toBe(12)
      expect(yield* outcomes).toEqual({ "1 stored": 12, "1 duplicate": 12 })
    })
  )
})

describe("virtual shards that move", () => {
  const it = withLayer(layer, 600_000)

  it.effect(
    "every message is stored once, whatever map and loaders it meets",
    () =>
      Effect.gen(function* () {
        const context = yield* Effect.context<Effect.Services<ReturnType<typeof run>>>()
        let course = 0
        let accepted = 0
        const sent = new Set<string>()
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(
              fc.array(step, { minLength: 4, maxLength: 14 }),
              async (steps) => {
                const result = await Effect.runPromiseWith(context)(
                  run(course++, steps)
                )
                accepted += result.accepted
                for (const id of result.sent) sent.add(id)
                const stored = await Effect.runPromiseWith(context)(storedMessages)
                expect(stored).toEqual([...sent].toSorted())
                const counts = await Effect.runPromiseWith(context)(outcomes)
                expect((counts["1 stored"] ?? 0) + (counts["1 duplicate"] ?? 0)).toBe(
                  accepted
                )
              }
            ),
            { numRuns: long ? 60 : 5, endOnFailure: true }
          )
        )
      }),
    600_000
  )
})
