import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import { column, render, sql, uint32 } from "../../../src/query/Sql.ts"
import { userTraits } from "../../../src/query/TraitSource.ts"
import { everyTrait } from "../../../src/query/traits/changedTraits.ts"
import { contextOf, insertEvents } from "../eventStore.ts"

const START = Date.UTC(2025, 2, 1)
const PROJECT = 690
const CHANGES = 30_000
const TRAITS = 6000
const MEMORY = 256 * 2 ** 20

const names = ["$append.l", "$union.l", "$prepend.l", "$remove.l"]

/** Every element that is removed was added two changes before. */
const changeOf = (at: number) => ({
  [names[at % 4] ?? ""]: JSON.stringify([`v${at % 4 === 3 ? at - 2 : at}`])
})

describe("traits that were changed very often", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect(
    "take memory by the length of a list, not by that times its changes",
    () =>
      Effect.gen(function* () {
        const changes = Array.from({ length: CHANGES }, (_, at) => at)
        yield* insertEvents(
          changes.map((at) => ({
            project: PROJECT,
            event: "$identify",
            at: START + at,
            messageId: `m${at}`,
            person: 1,
            leaves: changeOf(at)
          }))
        )
        const context = {
          ...contextOf(PROJECT),
          watermark: START + CHANGES,
          hasTraitChanges: true
        }
        const { params, sql: text } = render(
          userTraits(context, [{ path: "l", column: column("v", 0) }])
        )
        const rows = yield* (yield* ClickHouse).query<{ v0: string }>(text, {
          params,
          settings: { max_memory_usage: String(MEMORY) }
        })
        const inFront = changes.filter((at) => at % 4 === 2).toReversed()
        const behind = changes.filter((at) => at % 4 === 0)
        expect(rows.map(({ v0 }) => v0)).toEqual([
          JSON.stringify([...inFront, ...behind].map((at) => `v${at}`))
        ])
      }),
    60_000
  )

  effect(
    "take memory by how many of them ended, not by that times all traits",
    () =>
      Effect.gen(function* () {
        const traits = Array.from({ length: TRAITS }, (_, at) => at)
        yield* insertEvents([
          ...traits.map((at) => ({
            project: PROJECT + 1,
            event: "$identify",
            at: START + at,
            messageId: `m${at}`,
            person: 1,
            leaves: { [`o.t${at}`]: "1", [`$unset.o.t${at - 1}`]: "true" }
          })),
          {
            project: PROJECT + 1,
            event: "$identify",
            at: START,
            messageId: "m",
            person: 2,
            leaves: { t: "1" }
          }
        ])
        const leaves = sql`SELECT id_hash AS person, timestamp, message_id,
            arrayJoin(CAST(props, 'Array(Tuple(String, String))')) AS leaf
          FROM events WHERE project_id = ${uint32(PROJECT + 1)}`
        const { params, sql: text } = render(
          sql`SELECT toUInt32(person) AS id, path FROM (${everyTrait(leaves)}) ORDER BY id`
        )
        const rows = yield* (yield* ClickHouse).query(text, {
          params,
          settings: { max_memory_usage: String(MEMORY) }
        })
        expect(rows).toEqual([
          { id: 1, path: `o.t${TRAITS - 1}` },
          { id: 2, path: "t" }
        ])
      }),
    60_000
  )
})
