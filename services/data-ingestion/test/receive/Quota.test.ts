import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Admission } from "../../src/receive/Admission.ts"
import { UsageRepo } from "../../src/receive/UsageRepo.ts"
import { ingestConfig } from "../ingestionTest.ts"
import { stores } from "../loader/loaderTest.ts"

const accepted = (projectId: number, writer: string, events: number) =>
  SqlClient.SqlClient.use(
    (sql) => sql`
      INSERT INTO ingest.accepted AS a (project_id, writer, events)
      VALUES (${BigInt(projectId)}, ${writer}, ${BigInt(events)})
          ON CONFLICT (project_id, writer)
          DO UPDATE SET events = a.events + excluded.events`
  )

/** A receiver's own view: what it has noted is its own. */
const fresh = <A, E>(use: Effect.Effect<A, E, UsageRepo>) =>
  use.pipe(Effect.provide(Layer.fresh(UsageRepo.layer)))

const used = (...projectIds: ReadonlyArray<number>) =>
  fresh(
    Effect.map(
      UsageRepo.use((repo) => repo.thisMonth(projectIds)),
      ({ events }) => Object.fromEntries(events)
    )
  )

describe("the month's events", () => {
  const it = withLayer(stores)

  it.effect("count from where the month began, whoever wrote them", () =>
    Effect.gen(function* () {
      yield* accepted(1, "a", 100)
      expect(yield* used(1, 2)).toEqual({ 1: 0 })
      yield* accepted(1, "a", 5)
      yield* accepted(1, "b", 7)
      yield* accepted(2, "a", 3)
      // One that starts later does not begin the month anew.
      expect(yield* used(1, 2)).toEqual({ 1: 12, 2: 3 })
      expect(yield* used()).toEqual({})
    })
  )

  it.effect("begin again with the next month", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE ingest.month_starts SET month = month - interval '1 month'`
      expect(yield* used(1, 2)).toEqual({ 1: 0, 2: 0 })
      yield* accepted(2, "a", 4)
      expect(yield* used(1, 2)).toEqual({ 1: 0, 2: 4 })
    })
  )
})

describe("a quota", () => {
  const it = withLayer(Layer.empty)
  const limits = { eventsPerSecond: null, monthlyEvents: 10, monthlyHardLimit: 20 }
  const ends = Date.parse("2199-01-01T00:00:00Z")

  it.effect("leads into the bulk lane, and at its hard limit to a pause", () =>
    Effect.sync(() => {
      const admission = new Admission(ingestConfig)
      const admit = (events: number) =>
        admission.admit(1, events, 100, "live", 0, limits)
      // Not counted yet: nobody is held back.
      expect(admit(1)).toMatchObject({ lane: "live" })
      expect(admission.metered).toEqual([1])
      admission.meter(new Map([[1, 5]]), ends)
      expect(admit(5)).toMatchObject({ lane: "live" })
      expect(admit(1)).toMatchObject({ lane: "bulk" })
      expect(admit(9)).toMatchObject({ lane: "bulk" })
      const over = admit(1)
      expect(over).toMatchObject({ _tag: "Delayed", seconds: 3600 })
      expect(over._tag === "Delayed" && over.reason).toContain("2199-01-01")
      // The next month, or a higher limit, opens the door.
      admission.meter(new Map([[1, 0]]), ends)
      expect(admit(1)).toMatchObject({ lane: "live" })
    })
  )

  it.effect("is nobody else's, and a rate of its own is a project's own", () =>
    Effect.sync(() => {
      const admission = new Admission(ingestConfig)
      const slow = { eventsPerSecond: 2, monthlyEvents: null, monthlyHardLimit: null }
      const lanes = (projectId: number) =>
        [20, 1].map((events) => {
          const verdict = admission.admit(projectId, events, 1, "live", 0, {
            ...slow,
            eventsPerSecond: projectId === 1 ? 2 : null
          })
          return verdict._tag === "Admitted" ? verdict.lane : verdict._tag
        })
      expect(lanes(1)).toEqual(["live", "bulk"])
      expect(lanes(2)).toEqual(["live", "live"])
      expect(admission.metered).toEqual([])
    })
  )
})
