import { describe, expect } from "bun:test"
import { ClickHouse, type RequestOptions } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import { Duration, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { removeDue } from "../../src/removals/RemovalPass.ts"
import { RemovalRepo } from "../../src/removals/RemovalRepo.ts"
import { StoreRemoval } from "../../src/removals/StoreRemoval.ts"
import { drain } from "../loader/faults.ts"
import { AT, storedMessages } from "../loader/loaderTest.ts"
import { accept, account, erase, hashOf, layer, pass, scan } from "./removalTest.ts"

const storedOf = (projectId: number) =>
  Effect.map(storedMessages, (all) =>
    all.filter((each) => each.startsWith(`${projectId} `))
  )

const linksOf = (projectId: number) =>
  SqlClient.SqlClient.use(
    (sql) => sql`
      SELECT message_id FROM ingest.links WHERE project_id = ${BigInt(projectId)}`
  )

describe("others", () => {
  const it = withLayer(layer)

  it.effect("keep what a device did after it was erased with somebody else", () =>
    Effect.gen(function* () {
      const shared = "tablet-of-all"
      yield* accept(1, [
        { m: "1", u: "anna", a: shared, t: AT },
        { m: "2", u: "zoe", a: shared, t: AT + 1000 }
      ])
      yield* drain
      const first = yield* erase(1, ["anna"])
      yield* accept(1, [{ m: "3", u: "", a: shared, r: first.requestedAt + 1 }])
      yield* drain
      yield* erase(1, ["zoe"])
      yield* pass
      yield* pass
      expect(yield* storedOf(1)).toEqual(["1 3"])
      expect(yield* account(1)).toMatchObject({ stored: 1, erased: 2, balanced: true })
    })
  )

  it.effect("are loaded without a device that was erased before", () =>
    Effect.gen(function* () {
      const device = "device-of-otto"
      yield* accept(2, [{ m: "1", u: "", a: device }])
      yield* drain
      yield* accept(2, [
        { m: "2", u: "nina", a: device },
        { m: "3", y: "alias", e: "$alias", u: "nina", v: device }
      ])
      const removal = yield* erase(2, [device])
      yield* accept(2, [{ m: "4", u: "nina", a: device, r: removal.requestedAt + 1 }])
      yield* drain
      // What came later ties what the device does from then on.
      expect(yield* linksOf(2)).toEqual([{ messageId: "4" }])
      yield* pass
      expect(yield* storedOf(2)).toEqual(["2 2", "2 3", "2 4"])
      const store = yield* ClickHouse
      expect(
        yield* store.query(
          `SELECT message_id AS m, anonymous_id AS a, previous_id AS v
             FROM events WHERE project_id = 2 ORDER BY m`
        )
      ).toEqual([
        { m: "2", a: "", v: "" },
        { m: "3", a: "", v: "" },
        { m: "4", a: device, v: "" }
      ])
    })
  )

  it.effect("need not wait when more were asked for than one turn takes", () =>
    Effect.gen(function* () {
      const turn = removeDue(Duration.hours(1))
      yield* erase(3, ["mia"])
      yield* pass
      const recent = yield* erase(3, ["noa"])
      expect(yield* turn).toEqual([])
      const late = yield* erase(3, [], {
        idHashes: [hashOf(3, "olga")],
        requestedAt: Date.now() - Duration.toMillis("1 hour")
      })
      expect(yield* turn).toEqual([recent.id, late.id])
    })
  )

  it.effect("are waited for as long as it takes to read them", () =>
    Effect.gen(function* () {
      const real = yield* ClickHouse
      const hasty: Array<string> = []
      const watching = ClickHouse.of({
        ...real,
        query: <Row>(text: string, options?: RequestOptions) => {
          if (/FROM `?events/u.test(text) && options?.timeout === undefined)
            hasty.push(text)
          return real.query<Row>(text, options)
        }
      })
      yield* accept(4, [{ m: "1", u: "pia", a: "phone-of-pia" }])
      yield* drain
      yield* erase(4, ["pia"])
      yield* erase(4, [], { kind: "range", from: AT, to: AT + 1 })
      const open = yield* RemovalRepo.use((repo) => repo.open)
      yield* Effect.gen(function* () {
        const store = yield* StoreRemoval
        yield* store.count(open)
        yield* store.remove(open)
        yield* store.verify(open)
      }).pipe(
        Effect.provide(
          Layer.fresh(StoreRemoval.layer).pipe(
            Layer.provide(Layer.succeed(ClickHouse, watching))
          )
        )
      )
      expect(hasty).toEqual([])
    })
  )

  it.effect(
    "are forgotten from then on, also when knowledge is ahead of the clock",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* accept(5, [{ m: "1", u: "kurt", a: "phone-of-kurt" }])
        yield* sql`
        UPDATE ingest.watermark SET floor = clock_timestamp() + interval '5 seconds'`
        yield* drain
        yield* erase(5, ["kurt"])
        expect(yield* linksOf(5)).toEqual([])
        yield* sql`UPDATE ingest.watermark SET floor = '1970-01-01T00:00:00Z'`
        yield* pass
        expect(yield* scan(5, ["kurt", "phone-of-kurt"])).toEqual({})
      })
  )

  it.effect("are removed beside what the store cannot hide", () =>
    Effect.gen(function* () {
      const repo = yield* RemovalRepo
      yield* accept(6, [{ m: "1", u: "ida" }])
      yield* drain
      yield* repo.register({
        id: crypto.randomUUID(),
        parent: null,
        projectId: 6,
        kind: "range",
        ids: [],
        idHashes: [],
        from: 0,
        to: Date.UTC(200_000, 0, 1)
      })
      const removal = yield* erase(6, ["ida"])
      expect(yield* pass).toEqual([removal.id])
    })
  )
})
