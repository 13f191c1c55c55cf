import { describe, expect, it as plainly } from "bun:test"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Clock, Context, Duration, Effect, Layer, Ref, Stream } from "effect"
import { Listener, MAX_BEHIND } from "../../src/live/Listener.ts"
import { Live } from "../../src/live/Live.ts"
import type { LiveMessage } from "../../src/live/LiveMessage.ts"
import { QueryRepo } from "../../src/query/QueryRepo.ts"
import { Watermark } from "../../src/query/Watermark.ts"

const stored = Ref.makeUnsafe(Date.now())

const WatermarkOfTest = Layer.effect(
  Watermark,
  Effect.sync(() => {
    const current = Effect.map(Ref.get(stored), (watermark) => ({
      watermark,
      ingestLagMs: 0,
      isStale: false
    }))
    return Watermark.of({ current, atLeast: () => current })
  })
)

const TestLayer = Live.layer.pipe(
  Layer.provide([QueryRepo.layer, WatermarkOfTest]),
  Layer.provide(
    QueryConfig.layerOf({
      dataIngestionUrl: "http://localhost",
      timeout: Duration.seconds(60),
      memoryLimit: 2_000_000_000,
      threads: 1,
      concurrency: 4
    })
  ),
  Layer.provideMerge(TestClickHouse.client)
)

/** Stores events as a loader does, and moves the watermark up to them. */
const arrive = Effect.fnUntraced(function* (
  project: number,
  names: ReadonlyArray<string>,
  props: Readonly<Record<string, unknown>> = {}
) {
  const clickhouse = yield* ClickHouse
  const knownAt = Math.max(yield* Clock.currentTimeMillis, (yield* Ref.get(stored)) + 1)
  const rows = names.map((event, index) => ({
    project_id: project,
    event,
    type: "track",
    timestamp: knownAt - names.length + index,
    received_at: knownAt,
    known_at: knownAt,
    message_id: `${event}-${knownAt}-${index}`,
    id_hash: String(index + 1),
    props: Object.fromEntries(
      Object.entries(props).map(([path, value]) => [path, JSON.stringify(value)])
    ),
    batch_id: String(BigInt(knownAt) << 22n)
  }))
  yield* clickhouse.insert({
    table: "events",
    format: "JSONEachRow",
    body: rows.map((row) => JSON.stringify(row)).join("\n")
  })
  yield* Ref.set(stored, knownAt)
  return knownAt
})

const project = (id: number) => ({ id, timezone: "UTC" })
const namesOf = (messages: ReadonlyArray<LiveMessage>) =>
  messages.flatMap((message) => (message._tag === "event" ? [message.event.event] : []))

/** Messages up to the count that reaches this watermark. */
const upTo = (messages: Stream.Stream<LiveMessage>, watermark: number) =>
  messages.pipe(
    Stream.takeUntil(
      (message) => message._tag === "count" && message.watermark >= watermark
    ),
    Stream.runCollect,
    Effect.timeout("20 seconds")
  )

/** Whoever listens from now on has heard a first count. */
const listening = Effect.fnUntraced(function* (
  id: number,
  request: Parameters<(typeof Live)["Service"]["listen"]>[1] = {},
  after?: number
) {
  const messages = yield* (yield* Live).listen(project(id), request, after)
  const shared = yield* Stream.share(messages, {
    capacity: "unbounded",
    replay: 10_000
  })
  if (after === undefined)
    yield* shared.pipe(Stream.take(1), Stream.runDrain, Effect.timeout("20 seconds"))
  return shared
})

describe("the live view", () => {
  const { effect } = withLayer(TestLayer)

  effect("shows what matches, in order, once it is stored", () =>
    Effect.gen(function* () {
      const all = yield* listening(1)
      const some = yield* listening(1, {
        event: "b",
        filters: [{ property: "plan", op: "is", value: "pro" }]
      })
      yield* arrive(2, ["somebody else's"])
      yield* arrive(1, ["a", "b", "b"])
      const last = yield* arrive(1, ["b", "c"], { plan: "pro" })
      expect(namesOf(yield* upTo(all, last))).toEqual(["a", "b", "b", "b", "c"])
      const filtered = yield* upTo(some, last)
      expect(namesOf(filtered)).toEqual(["b"])
      expect(filtered.at(-1)).toEqual({
        _tag: "count",
        watermark: last,
        eventsLastMinute: 1,
        peopleLastFiveMinutes: 1
      })
    }).pipe(Effect.scoped)
  )

  effect("goes on where a reader left off", () =>
    Effect.gen(function* () {
      const seen = yield* arrive(3, ["seen"])
      const last = yield* arrive(3, ["missed"])
      const again = yield* listening(3, {}, seen)
      expect(namesOf(yield* upTo(again, last))).toEqual(["missed"])
    }).pipe(Effect.scoped)
  )

  effect("shows the newest of many, and says how many it hid", () =>
    Effect.gen(function* () {
      const all = yield* listening(4)
      const names = Array.from({ length: 250 }, (_, index) => `e${index}`)
      const messages = yield* upTo(all, yield* arrive(4, names))
      expect(namesOf(messages)).toEqual(names.slice(50))
      expect(messages).toContainEqual({ _tag: "dropped", events: 50 })
    }).pipe(Effect.scoped)
  )

  effect("takes no more connections than a project may have, and frees them", () =>
    Effect.gen(function* () {
      const live = yield* Live
      const full = Effect.gen(function* () {
        for (let index = 0; index < 20; index++) yield* live.listen(project(5), {}, 1)
        return yield* Effect.flip(live.listen(project(5), {}, 1))
      }).pipe(Effect.scoped)
      expect(yield* full).toMatchObject({ _tag: "TooManyListeners", retryAfter: 10 })
      expect(yield* full).toMatchObject({ _tag: "TooManyListeners", retryAfter: 10 })
    })
  )
})

describe("a connection that is too slow", () => {
  const count = (watermark: number): LiveMessage => ({
    _tag: "count",
    watermark,
    eventsLastMinute: 0,
    peopleLastFiveMinutes: 0
  })

  plainly("costs a bounded queue, and is told what it missed", () =>
    Effect.gen(function* () {
      const listener = yield* Listener.make
      for (let at = 0; at < MAX_BEHIND; at++) listener.offer(count(at))
      listener.offer({ _tag: "dropped", events: 7 })
      listener.offer(count(-1))
      const first = yield* listener.messages.pipe(
        Stream.take(MAX_BEHIND),
        Stream.runCollect
      )
      expect(first).toHaveLength(MAX_BEHIND)
      listener.offer(count(-2))
      const rest = yield* listener.messages.pipe(Stream.take(2), Stream.runCollect)
      expect(rest).toEqual([{ _tag: "dropped", events: 7 }, count(-2)])
    }).pipe(Effect.scoped, Effect.provide(Context.empty()), Effect.runPromise)
  )
})
