import { describe, expect } from "bun:test"
import type { QueryContext } from "@analytics/analytics-core/query/Compiled"
import type { CohortDefinition } from "@analytics/analytics-core/query/cohort/Cohort"
import { liveQuery } from "@analytics/analytics-core/query/live/LiveQuery"
import { documentedKinds, parseQuery } from "@analytics/analytics-core/query/Query"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Duration, Effect, Layer, Logger } from "effect"
import { BatchCountsRepo } from "../../src/catalogue/BatchCountsRepo.ts"
import { QueryRepo } from "../../src/query/QueryRepo.ts"

const MINUTE = 60_000
const DAY = 86_400_000
const START = Date.UTC(2025, 2, 1)
/** When somebody asked for it, and a time after all events. */
const REQUESTED = START + 20 * DAY
const LATE = START + 40 * DAY

/** Who is erased, under two ids, and whose device comes back afterwards. */
const GONE = [900, 901]
/** In this hour of event time nobody did anything. */
const RANGE = { from: START + 3 * DAY, to: START + 3 * DAY + 3_600_000 }
const LISTED = "00000000-0000-4000-8000-000000000001"
const BUYERS = "00000000-0000-4000-8000-000000000002"

/** The project with the erased events in it, and one that never had them. */
const [ERASING, CLEAN] = [1, 2]

const cohorts = new Map<string, CohortDefinition>([
  [LISTED, { type: "static" }],
  [BUYERS, { type: "dynamic", rule: { did: { event: "bought", atLeast: 4 } } }]
])

const range = { from: "2025-02-25T00:00:00Z", to: "2025-04-20T00:00:00Z" }
const steps = [{ event: "$pageview" }, { event: "bought" }]

/** Of each kind, questions that tell whether somebody exists. */
const questions: Readonly<Record<string, ReadonlyArray<object>>> = {
  trends: [
    { series: [{ name: "a", event: "bought", measure: "total" }], interval: "day" },
    {
      series: [{ name: "a", event: "bought", measure: "unique_users" }],
      interval: "day"
    },
    { series: [{ name: "a", measure: "sessions" }], interval: "week" },
    {
      series: [{ name: "a", event: "bought", measure: "unique_users" }],
      interval: "month",
      breakdown: ["user.plan"]
    },
    {
      series: [{ name: "a", event: "bought", measure: "unique_users" }],
      interval: "month",
      breakdown: ["group.company.size"]
    },
    {
      series: [{ name: "a", event: "bought", measure: "unique_users" }],
      interval: "month",
      cohort: BUYERS
    },
    {
      series: [{ name: "a", event: "bought", measure: "unique_users" }],
      interval: "month",
      cohort: LISTED
    }
  ],
  funnel: [{ steps, windowSeconds: 604_800, order: "ordered" }],
  retention: [
    {
      mode: "first_time",
      start: steps[0],
      return: steps[1],
      interval: "day",
      periods: 3
    }
  ],
  lifecycle: [{ interval: "week" }],
  stickiness: [{ interval: "day" }],
  paths: [{ maxSteps: 3, minCount: 1 }],
  sessions: [{ interval: "week" }],
  people: [
    {},
    { person: "900" },
    {
      of: {
        query: {
          kind: "funnel",
          steps,
          windowSeconds: 604_800,
          order: "ordered",
          ...range
        },
        step: 1
      }
    }
  ],
  events: [
    {},
    { person: "900" },
    { person: "901" },
    { person: "900", filters: [{ property: "total", op: "is_set" }] }
  ],
  sql: [
    {
      query: `SELECT * FROM (
        SELECT 'events' AS view, person_id, count() AS n FROM events GROUP BY person_id
        UNION ALL SELECT 'sessions', person_id, count() FROM sessions GROUP BY person_id
        UNION ALL SELECT 'people', person_id, length(traits) + length(ids) FROM people)
        ORDER BY view, person_id`
    }
  ]
}

const unranged = new Set(["events", "sql", "people"])

const rows = (projectId: number) => {
  const all: Array<Record<string, unknown>> = []
  const add = (id: number, at: number, event: string, more: object = {}) =>
    all.push({
      project_id: projectId,
      event,
      type: event.startsWith("$") ? typeOf(event) : "track",
      timestamp: at,
      received_at: at,
      known_at: at,
      message_id: `${id}-${at}-${event}`,
      user_id: `user-${id}`,
      id_hash: String(id),
      batch_id: String(BigInt(at) << 22n),
      ...more
    })
  const live = (id: number, from: number) => {
    add(id, from, "$identify", { props: { plan: `"plan of ${id}"` } })
    add(id, from + 1, "$group", {
      group_type: "company",
      group_id: `company-${id}`,
      props: { size: String(id) }
    })
    for (let day = 0; day < 6; day++) {
      add(id, from + day * DAY + 2, "$pageview", { path: `/of/${id}` })
      add(id, from + day * DAY + MINUTE, "bought", { props: { total: String(id) } })
    }
  }
  for (let id = 1; id <= 5; id++) live(id, START + id * 7 * MINUTE)
  // A returning device is somebody new.
  add(901, REQUESTED + DAY, "$pageview", { path: "/again" })
  add(901, REQUESTED + DAY + 1, "bought", { props: { total: "5" } })
  if (projectId !== ERASING)
    return all.filter(({ timestamp }) => !isIn(Number(timestamp)))
  live(900, START + 3 * MINUTE)
  live(901, START + 5 * MINUTE)
  for (let id = 3; id <= 6; id++) add(id, RANGE.from + id * MINUTE, "bought")
  return all
}

const typeOf = (event: string) => (event === "$pageview" ? "page" : event.slice(1))
const isIn = (at: number) => at >= RANGE.from && at < RANGE.to

const insert = Effect.fnUntraced(function* (
  table: string,
  values: ReadonlyArray<object>
) {
  const clickhouse = yield* ClickHouse
  yield* clickhouse.insert({
    table,
    format: "JSONEachRow",
    body: values.map((value) => JSON.stringify(value)).join("\n"),
    settings: { insert_deduplicate: 0 }
  })
})

/** Both projects alike but for what is erased, and the removals of the first. */
const fill = Effect.gen(function* () {
  for (const project_id of [ERASING, CLEAN]) {
    yield* insert("events", rows(project_id))
    const link = (id_hash: number, person: number, known_at: number) => ({
      ...{ project_id, id_hash: String(id_hash), person: String(person), known_at },
      version: 1
    })
    yield* insert("person_links", [
      link(4, 3, START),
      ...(project_id === ERASING ? [link(901, 900, START), link(900, 900, START)] : [])
    ])
    const listed = project_id === ERASING ? [1, 2, ...GONE] : [1, 2]
    yield* insert(
      "cohort_ids",
      listed.map((id) => ({
        ...{ project_id, cohort: LISTED, id_hash: String(id) },
        ...{ changed_at: START * 1000, is_member: 1 }
      }))
    )
  }
  const removal = {
    project_id: ERASING,
    removal: "00000000-0000-4000-8000-00000000000f",
    ...{ received_until: REQUESTED, known_until: REQUESTED }
  }
  yield* insert("removals", [
    ...GONE.map((id) => ({ ...removal, id_hash: String(id) })),
    { ...removal, is_range: 1, from_at: RANGE.from, to_at: RANGE.to }
  ])
})

const contextOf = (projectId: number, given: Partial<QueryContext>): QueryContext => ({
  projectId,
  timezone: "UTC",
  now: LATE,
  watermark: LATE,
  hasLinks: true,
  cohorts,
  ...given
})

const ask = Effect.fnUntraced(function* (
  kind: string,
  question: object,
  projectId: number,
  given: Partial<QueryContext> = {}
) {
  const repo = yield* QueryRepo
  const body = { kind, ...(unranged.has(kind) ? {} : range), ...question }
  const query = yield* parseQuery(body)
  const compiled = yield* query.compile(contextOf(projectId, given))
  const answers = yield* Effect.forEach(compiled.statements, repo.run)
  return JSON.stringify(compiled.decode(answers.map((answer) => answer.rows)))
})

const layer = Layer.mergeAll(QueryRepo.layer, BatchCountsRepo.layer).pipe(
  Layer.provide(
    QueryConfig.layerOf({
      dataIngestionUrl: "http://localhost",
      timeout: Duration.seconds(60),
      memoryLimit: 2_000_000_000,
      threads: 1,
      concurrency: 4
    })
  ),
  Layer.provideMerge(TestClickHouse.client),
  Layer.provideMerge(Logger.layer([]))
)

describe("while somebody is being erased", () => {
  const it = withLayer(layer)

  it.effect("every kind of query answers as if they had never been", () =>
    Effect.gen(function* () {
      yield* fill
      // A kind that is new must be asked here.
      expect(Object.keys(questions).sort()).toEqual(
        documentedKinds.map(({ kind }) => kind).sort()
      )
      // Also as of a moment before anybody asked for it.
      for (const [kind, asked] of Object.entries(questions))
        for (const [index, question] of asked.entries())
          for (const watermark of index === 0 ? [LATE, START + 10 * DAY] : [LATE]) {
            const given = { watermark }
            const [clean, hidden, shown] = yield* Effect.all(
              [
                ask(kind, question, CLEAN, given),
                ask(kind, question, ERASING, { ...given, removals: true }),
                ask(kind, question, ERASING, given)
              ],
              { concurrency: 3 }
            )
            expect({ kind, question, answer: hidden }).toEqual({
              kind,
              question,
              answer: clean
            })
            expect({ kind, question, isSeenOtherwise: shown !== clean }).toEqual({
              kind,
              question,
              isSeenOtherwise: true
            })
          }
    })
  )

  it.effect("neither the live view nor the catalogue shows them", () =>
    Effect.gen(function* () {
      const repo = yield* QueryRepo
      const look = Effect.fnUntraced(function* (
        projectId: number,
        given: Partial<QueryContext>
      ) {
        const query = liveQuery(
          {},
          {
            context: contextOf(projectId, { now: START + 6 * DAY, ...given }),
            after: START - 1,
            limit: 500,
            lately: { known: START, happened: START }
          }
        )
        const [events, recent] = yield* Effect.all([
          repo.run(query.events),
          repo.run(query.recent)
        ])
        return query.decode(events.rows, recent.rows)
      })
      const clean = yield* look(CLEAN, {})
      expect(clean.events.length).toBeGreaterThan(50)
      expect(yield* look(ERASING, { removals: true })).toEqual(clean)
      expect(yield* look(ERASING, {})).not.toEqual(clean)

      const counts = yield* BatchCountsRepo
      const text = JSON.stringify(yield* counts.countAll(ERASING))
      expect(text).not.toMatch(/90[01]/u)
      expect(text).toMatch(/plan of 3/u)
    })
  )
})
