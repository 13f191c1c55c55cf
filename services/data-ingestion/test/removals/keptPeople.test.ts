import { expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect } from "effect"
import { drain } from "../loader/faults.ts"
import { accept, erase, hashOf, layer, pass, scan } from "./removalTest.ts"

const it = withLayer(layer)

it.effect(
  "an erased person leaves the people kept of cohorts, and nobody else does",
  () =>
    Effect.gen(function* () {
      const store = yield* ClickHouse
      yield* accept(1, [
        { m: "1", u: "anna" },
        { m: "2", u: "ben" }
      ])
      yield* drain
      const keep = (asOf: number) =>
        store.insert({
          table: "cohort_people",
          format: "JSONEachRow",
          body: ["anna", "ben"]
            .map((id) =>
              JSON.stringify({
                project_id: 1,
                cohort: "018f2a6c-0000-7000-8000-000000000001",
                version: "018f2a6c-0000-7000-8000-000000000002",
                as_of: asOf,
                person: String(hashOf(1, id))
              })
            )
            .join("\n")
        })
      yield* keep(Date.now() - 60_000)
      expect(yield* scan(1, ["anna"])).toMatchObject({ "cohort_people 1": 1 })
      yield* erase(1, ["anna"])
      yield* pass
      expect(yield* scan(1, ["anna"])).toEqual({})
      expect(yield* scan(1, ["ben"])).toMatchObject({ "cohort_people 1": 1 })
      // Somebody who comes back later is found again.
      yield* keep(Date.now() + 60_000)
      yield* pass
      expect(yield* scan(1, ["anna"])).toMatchObject({ "cohort_people 1": 1 })
    })
)
