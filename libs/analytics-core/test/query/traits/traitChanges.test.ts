import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import fc from "fast-check"
import type { QueryContext } from "../../../src/query/Compiled.ts"
import { identify } from "../../../src/query/People.ts"
import { rosterSql } from "../../../src/query/people/rosterSql.ts"
import {
  column,
  instant,
  render,
  type Sql,
  sql,
  uint32
} from "../../../src/query/Sql.ts"
import { viewsSql } from "../../../src/query/sql/views.ts"
import { userTraits } from "../../../src/query/TraitSource.ts"
import { contextOf, insertEvents, insertLinks } from "../eventStore.ts"
import { extremes, type History, history } from "./drawnTraits.ts"
import { foldTraits } from "./referenceTraits.ts"

const START = Date.UTC(2025, 2, 1)
const HOUR = 3_600_000
const IDS = 3

interface DrawnEvent {
  readonly id: number
  readonly at: number
  readonly knownAt: number
  readonly messageId: string
  readonly leaves: Readonly<Record<string, { readonly text: string }>>
}

const eventsOf = ({ events }: History, first: number): ReadonlyArray<DrawnEvent> =>
  events.map(({ at, changes, id, known, prefix }, index) => ({
    id: first + id,
    at: START + at * HOUR,
    knownAt: START + known * HOUR,
    messageId: `${prefix}${first}-${index}`,
    leaves: Object.fromEntries(changes.map(({ leaf, name }) => [name, leaf]))
  }))

/** Where the ids of a person lie among all. */
const firstOf = (index: number) => 1 + index * IDS

const linksOf = ({ linked, undone }: History, first: number) => {
  const of = { version: 1 }
  const at = (hours: number) => START + hours * HOUR
  return [
    { ...of, id: first + 1, person: first, knownAt: at(linked) },
    { ...of, id: first + 2, person: first, knownAt: at(0) },
    { ...of, id: first + 2, person: first + 2, knownAt: at(undone), version: 2 }
  ]
}

const paths = [
  ...["n", "l", "o", "o.p", "o.p.q", "x\\.y", "x", "", ".p"],
  ...["$add.n", "$clear", "$addy.n"]
]

type Traits = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** What the law makes of all histories, by person and path. */
const expected = (
  histories: ReadonlyArray<History>,
  watermark: number,
  before: number
): Traits => {
  const people = new Map<number, Array<DrawnEvent>>()
  histories.forEach((drawn, index) => {
    const first = firstOf(index)
    const personOf = (id: number) =>
      linksOf(drawn, first)
        .filter((link) => link.id === id && link.knownAt <= watermark)
        .sort((a, b) => a.knownAt - b.knownAt || a.version - b.version)
        .at(-1)?.person ?? id
    for (const event of eventsOf(drawn, first)) {
      if (event.knownAt > watermark || event.at >= before) continue
      const person = personOf(event.id)
      people.set(person, [...(people.get(person) ?? []), event])
    }
  })
  return Object.fromEntries(
    Array.from(people, ([person, events]) => [String(person), foldTraits(events)])
  )
}

const textsOf = (traits: Traits): Traits =>
  Object.fromEntries(
    Object.entries(traits).flatMap(([person, of]) => {
      const texts = Object.entries(of).map(([path, trait]) => [
        path,
        typeof trait === "object" && trait !== null && "text" in trait
          ? trait.text
          : trait
      ])
      return texts.length === 0 ? [] : [[person, Object.fromEntries(texts)]]
    })
  )

const rowsOf = Effect.fnUntraced(function* (fragment: Sql) {
  const { params, sql: text } = render(fragment)
  return yield* (yield* ClickHouse).query<Record<string, unknown>>(text, { params })
})

/** By the columns of a breakdown or filter. */
const byPath = Effect.fnUntraced(function* (context: QueryContext) {
  const traits = paths.map((path, index) => ({ path, column: column("v", index) }))
  const rows = yield* rowsOf(sql`SELECT * FROM (${userTraits(context, traits)})`)
  return textsOf(
    Object.fromEntries(
      rows.map((row) => [
        String(row["trait_person"]),
        Object.fromEntries(
          paths.flatMap((path, index) =>
            row[`v${index}`] === "" ? [] : [[path, row[`v${index}`]]]
          )
        )
      ])
    )
  )
})

const inViews = Effect.fnUntraced(function* (context: QueryContext) {
  const { params, sql: text } = render(viewsSql(context, true))
  const [database] = yield* (yield* ClickHouse).query<{ name: string }>(
    "SELECT currentDatabase() AS name"
  )
  const rows = yield* (yield* ClickHouse).query<{ person_id: string; traits: object }>(
    `WITH ${text} SELECT person_id, traits FROM people`,
    { params: { ...params, _database: database?.name ?? "" } }
  )
  return textsOf(
    Object.fromEntries(rows.map(({ person_id, traits }) => [person_id, { ...traits }]))
  )
})

/** Of each person also when, and by which message, a trait became what it is. */
const ofPeople = Effect.fnUntraced(function* (context: QueryContext, people: number) {
  const everybody = sql`SELECT id_hash FROM events
    WHERE project_id = ${uint32(context.projectId)}
      AND known_at <= ${instant(context.watermark)}`
  const rows = yield* rowsOf(
    rosterSql(context, {
      people: sql`SELECT DISTINCT person FROM (${identify(context, everybody)})`,
      after: undefined,
      limit: people,
      isNarrow: false
    })
  )
  return Object.fromEntries(
    rows.map(({ person, traits }) => [
      String(person),
      Object.fromEntries(
        (Array.isArray(traits) ? traits : []).map(([path, text, at, messageId]) => [
          path,
          { text, at: Number(at), messageId }
        ])
      )
    ])
  )
})

let nextProject = 700
const stored = Effect.fnUntraced(function* (histories: ReadonlyArray<History>) {
  const project = nextProject++
  yield* insertEvents(
    histories.flatMap((drawn, index) =>
      eventsOf(drawn, firstOf(index)).map(({ id, leaves, ...event }) => ({
        ...event,
        project,
        person: id,
        event: "$identify",
        leaves: Object.fromEntries(
          Object.entries(leaves).map(([path, { text }]) => [path, text])
        )
      }))
    )
  )
  yield* insertLinks(
    histories.flatMap((drawn, index) =>
      linksOf(drawn, firstOf(index)).map((link) => ({ ...link, project }))
    )
  )
  return project
})

describe("changes of traits", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect(
    "make of them what the law makes, at any watermark and before any moment",
    () =>
      Effect.gen(function* () {
        const runs = Number(process.env["RUNS"] ?? 1)
        for (let run = 0; run < runs; run++) {
          const histories = [...extremes, ...fc.sample(history, 80)]
          const project = yield* stored(histories)
          for (const hours of [1, 3]) {
            const watermark = START + hours * HOUR
            const context = {
              ...contextOf(project),
              watermark,
              hasLinks: true,
              hasTraitChanges: true
            }
            const law = expected(histories, watermark, Number.POSITIVE_INFINITY)
            expect(yield* byPath(context)).toEqual(textsOf(law))
            expect(yield* inViews(context)).toEqual(textsOf(law))
            expect(yield* ofPeople(context, histories.length * IDS)).toEqual(law)
            const before = START + 2 * HOUR
            expect(yield* byPath({ ...context, before })).toEqual(
              textsOf(expected(histories, watermark, before))
            )
          }
        }
      }),
    120_000
  )
})
