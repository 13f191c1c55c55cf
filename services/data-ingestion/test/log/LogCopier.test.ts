import { describe, expect, it } from "bun:test"
import { encodeFrame, encodeLine } from "@analytics/data-processing/InboxEvent"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { EventLog } from "../../src/inbox/EventLog.ts"
import { InboxRepo } from "../../src/inbox/InboxRepo.ts"
import { ShardMap } from "../../src/inbox/ShardMap.ts"
import { Loader } from "../../src/loader/Loader.ts"
import { loaderLayer } from "../../src/loader/layers.ts"
import * as KafkaLog from "../../src/log/KafkaLog.ts"
import { inboxRows, LogCopier } from "../../src/log/LogCopier.ts"
import { LogOffsets } from "../../src/log/LogOffsets.ts"
import { ShardRepo } from "../../src/shards/ShardRepo.ts"
import { AT, outcomes, storedMessages, stores, track } from "../loader/loaderTest.ts"
import { MemoryTopic } from "./MemoryTopic.ts"

/** Everything between a receiver and the store, around a topic in memory. */
const over = (topic: MemoryTopic) =>
  Layer.mergeAll(
    KafkaLog.layer,
    LogCopier.layer,
    LogOffsets.layer,
    ShardRepo.layer
  ).pipe(
    Layer.provideMerge(topic.layer),
    Layer.provideMerge(ShardMap.layer),
    Layer.provideMerge(InboxRepo.layer),
    Layer.provideMerge(stores)
  )

const write = (...ids: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const events = ids.map((id) => track(id, { t: AT }))
    yield* log.write(
      [
        {
          projectId: 1,
          lane: "live",
          messageIds: ids,
          months: 202603,
          lines: events.map(encodeLine)
        }
      ],
      0
    )
  })

/** As a consumer does: goes on where it is told, until nothing comes. */
const copyAll = (topic: MemoryTopic, from = 0n, most = 1000) =>
  Effect.gen(function* () {
    const copier = yield* LogCopier
    for (let next = from, turn = 0; turn < 20; turn++) {
      const fetched = topic.fetch(next, most)
      next = yield* copier.copy(fetched)
      if (next >= topic.end) return
    }
    return yield* Effect.die(new Error("the copier does not get on"))
  })

const drain = (shard: number) =>
  Effect.flatMap(Loader, (loader) => loader.drain).pipe(
    Effect.provide(loaderLayer(shard))
  )

const accepted = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ events: bigint }>`
    SELECT coalesce(sum(events), 0)::bigint AS events FROM ingest.accepted`
  return Number(row?.events)
})

describe("frames on their way from a log", () => {
  const topic = new MemoryTopic()
  const it = withLayer(over(topic))

  it.effect("are counted and stored once, however often they are handed over", () =>
    Effect.gen(function* () {
      yield* write("first")
      yield* copyAll(topic)
      yield* write("a", "b")
      yield* write("c")
      expect((yield* (yield* LogOffsets).state).waiting).toBe(2)
      // Two consumers at once, and one that begins anew.
      yield* Effect.all([copyAll(topic), copyAll(topic), copyAll(topic, 0n, 1)], {
        concurrency: 3
      })
      yield* copyAll(topic)
      expect(yield* (yield* LogOffsets).state).toEqual({
        kind: "kafka",
        waiting: 0,
        lost: 0
      })
      yield* drain(0)
      expect(yield* storedMessages).toEqual(["1 a", "1 b", "1 c", "1 first"])
      expect(yield* accepted).toBe(4)
    })
  )

  it.effect("are no more than once in the store when an answer was lost", () =>
    Effect.gen(function* () {
      topic.sends = "unconfirmed"
      expect((yield* Effect.flip(write("d")))._tag).toBe("LogUnavailable")
      topic.sends = "confirmed"
      yield* write("d")
      yield* copyAll(topic)
      yield* drain(0)
      expect((yield* storedMessages).filter((m) => m === "1 d")).toEqual(["1 d"])
      expect(yield* outcomes).toEqual({ "1 stored": 5, "1 duplicate": 1 })
    })
  )

  it.effect("go where the shard map says when they are copied", () =>
    Effect.gen(function* () {
      yield* write(...Array.from({ length: 40 }, (_, n) => `e${n}`))
      yield* (yield* ShardRepo).divide(2)
      yield* copyAll(topic)
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql<{ shard: number; events: number }>`
        SELECT shard, events FROM ingest.inbox WHERE batch_id IS NULL ORDER BY shard`
      expect(rows.map(({ shard }) => shard)).toEqual([0, 1])
      expect(rows.reduce((sum, { events }) => sum + events, 0)).toBe(40)
      yield* drain(0)
      yield* drain(1)
      expect((yield* storedMessages).filter((m) => m.startsWith("1 e")).length).toBe(40)
    })
  )

  it.effect("of somebody else are left out and keep nobody", () =>
    Effect.gen(function* () {
      const before = yield* accepted
      topic.add(undefined, new TextEncoder().encode("hello"))
      topic.add('{"i":"another","lane":"live"}', new Uint8Array())
      yield* write("f")
      yield* copyAll(topic)
      expect((yield* accepted) - before).toBe(1)
    })
  )

  it.effect("that nobody can read are counted", () =>
    Effect.gen(function* () {
      yield* write("g")
      const [last] = topic.messages.slice(-1)
      topic.add(last?.about, new TextEncoder().encode("no frame"))
      yield* copyAll(topic)
      yield* drain(0)
      yield* drain(1)
      expect((yield* outcomes)["1 dropped frame_unreadable"]).toBe(1)
    })
  )

  it.effect("that the log removed too early are noticed", () =>
    Effect.gen(function* () {
      yield* write("h")
      yield* write("i")
      yield* write("j")
      topic.removeBefore(topic.end - 1n)
      yield* copyAll(topic, topic.end - 3n)
      expect(yield* (yield* LogOffsets).state).toMatchObject({ waiting: 0, lost: 2 })
      yield* drain(0)
      yield* drain(1)
      expect(yield* storedMessages).toContain("1 j")
    })
  )

  it.effect("of a log that was made anew are not taken for old ones", () =>
    Effect.gen(function* () {
      topic.replace()
      yield* write("new1")
      yield* write("new2")
      expect(yield* (yield* LogOffsets).state).toMatchObject({ waiting: 2 })
      yield* copyAll(topic)
      yield* drain(0)
      yield* drain(1)
      const stored = yield* storedMessages
      expect(stored).toContain("1 new1")
      expect(stored).toContain("1 new2")
      expect(yield* (yield* LogOffsets).state).toMatchObject({ waiting: 0 })
    })
  )
})

describe("frames that are divided among shards", () => {
  it("do not become one row of any size", () => {
    const map = {
      version: 2,
      shardsOf: (_: number, ids: ReadonlyArray<string>) => ids.map(() => 0)
    }
    const frame = (id: string, bytes: number) => ({
      installation: "i",
      lane: "live" as const,
      events: 1,
      bytes,
      projectIds: [1n],
      projectCounts: [1],
      months: [202603],
      frame: encodeFrame([encodeLine(track(id, { t: AT }))])
    })
    const most = 4 * 1024 * 1024
    const small = [frame("a", most / 4), frame("b", most / 4)]
    expect(inboxRows(small, map).map(({ events }) => events)).toEqual([2])
    const large = ["c", "d", "e"].map((id) => frame(id, most / 2 + 1))
    expect(inboxRows(large, map).map(({ events }) => events)).toEqual([1, 1, 1])
  })
})
