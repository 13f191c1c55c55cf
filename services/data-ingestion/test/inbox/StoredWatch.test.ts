import { describe, expect, it } from "bun:test"
import { Effect, Layer, ManagedRuntime } from "effect"
import { InboxRepo } from "../../src/inbox/InboxRepo.ts"
import { StoredWatch } from "../../src/inbox/StoredWatch.ts"

/** A watch over rows of which `finished` are loaded. */
const watching = async (
  test: (
    watch: StoredWatch["Service"],
    finished: Set<bigint>,
    questions: ReadonlyArray<number>
  ) => Promise<void>
) => {
  const finished = new Set<bigint>()
  const questions: Array<number> = []
  const repo = Layer.succeed(InboxRepo, {
    commit: () => Effect.void,
    requeue: () => Effect.void,
    shardMap: Effect.succeed({ version: 1, shards: [] }),
    backlog: Effect.succeed(new Map<number, number>()),
    unfinished: (ids) =>
      Effect.sync(() => {
        questions.push(ids.length)
        return new Set(ids.filter((id) => !finished.has(id)))
      })
  })
  const runtime = ManagedRuntime.make(StoredWatch.layer.pipe(Layer.provide(repo)))
  try {
    await test(await runtime.runPromise(StoredWatch), finished, questions)
  } finally {
    await runtime.dispose()
  }
}

const rows = (from: number, count: number) =>
  new Set(Array.from({ length: count }, (_, n) => BigInt(from + n)))

describe("StoredWatch", () => {
  it("lets one project have so many places, and others theirs", () =>
    watching(async (watch, finished) => {
      const first = Array.from({ length: 100 }, () => watch.stored(1, rows(1, 1), 20))
      expect(await watch.stored(1, rows(1, 1), 20)).toBe(false)
      const other = watch.stored(2, rows(1, 1), 20)
      finished.add(1n)
      expect(new Set(await Promise.all([...first, other]))).toEqual(new Set([true]))
      expect(await watch.stored(1, rows(1, 1), 20)).toBe(true)
    }))

  it("asks for so many rows at once, and comes to everybody", () =>
    watching(async (watch, finished, questions) => {
      for (const id of rows(0, 6000)) finished.add(id)
      const asked = [0, 1, 2].map((n) => watch.stored(n, rows(n * 1500, 1500), 20))
      const never = watch.stored(9, rows(9000, 1500), 0)
      expect(await Promise.all(asked)).toEqual([true, true, true])
      expect(await never).toBe(false)
      expect(Math.max(...questions)).toBe(1500)
    }))
})
