import { describe, expect, it } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import fc from "fast-check"
import type { QueryContext } from "../../../src/query/Compiled.ts"
import { statement } from "../../../src/query/Compiled.ts"
import {
  CohortDefinition,
  type CohortRule,
  cohortExample
} from "../../../src/query/cohort/Cohort.ts"
import { cohortMembers } from "../../../src/query/cohort/cohortSql.ts"
import { decodeStrictly } from "../../../src/query/decodeStrictly.ts"
import type { Filter } from "../../../src/query/Filter.ts"
import { documentedKinds, parseQuery } from "../../../src/query/Query.ts"
import { answer, contextOf, insertEvents, insertLinks } from "../eventStore.ts"
import { personOf, referenceCohort, type World } from "./referenceCohort.ts"

const start = Date.UTC(2025, 2, 1)
const DAY = 86_400_000
const list = "0192f0c1-0000-7000-8000-000000000001"

const event = fc.record({
  event: fc.constantFrom("a", "a", "b", "$pageview", "$identify"),
  at: fc.integer({ min: 0, max: 39 }).map((half) => start + (half * DAY) / 2),
  delay: fc.constantFrom(0, 0, 5 * DAY),
  person: fc.integer({ min: 1, max: 6 }),
  isBot: fc.constantFrom(false, false, false, true),
  props: fc.dictionary(
    fc.constantFrom("p", "q"),
    fc.constantFrom(1, 2, "x", "", null),
    {
      maxKeys: 2
    }
  )
})
const link = fc.record({
  id: fc.integer({ min: 1, max: 6 }),
  person: fc.integer({ min: 1, max: 6 }),
  knownAt: fc.constantFrom(start, start + 10 * DAY)
})
const change = fc.record({
  id: fc.integer({ min: 1, max: 6 }),
  at: fc.integer({ min: 0, max: 20 }).map((day) => start + day * DAY),
  isMember: fc.constantFrom(true, true, false)
})

const conditions: ReadonlyArray<Filter> = [
  { property: "p", op: "is", value: 1 },
  { property: "q", op: "is_not_set" },
  { property: "user.p", op: "is_not", value: 2 }
]
const traits: ReadonlyArray<Filter> = [
  { property: "user.p", op: "is", value: 1 },
  { property: "user.p", op: "is_not", value: "x" },
  { property: "user.q", op: "is_set" },
  { property: "user.q", op: "is", value: null },
  { property: "user.p", op: "not_in", value: [1, null] },
  {
    or: [
      { property: "user.p", op: "gt", value: 1 },
      { property: "user.q", op: "is_not_set" }
    ]
  },
  { not: { property: "user.q", op: "contains", value: "x" } }
]
const when = fc.record(
  {
    event: fc.constantFrom("a", "b", "$pageview"),
    filters: fc.constantFrom(...conditions).map((filter) => [filter])
  },
  { requiredKeys: [] }
)
const window = fc.oneof(
  fc.constant({}),
  fc.constantFrom("1d", "7d", "30d").map((within) => ({ within })),
  fc.integer({ min: 1, max: 20 }).map((days) => ({ within: { days } })),
  fc.integer({ min: 1, max: 18 }).map((day) => ({
    from: new Date(start + day * DAY).toISOString()
  })),
  fc.integer({ min: 1, max: 18 }).map((day) => ({
    from: new Date(start).toISOString(),
    to: new Date(start + day * DAY).toISOString()
  }))
)
const times = fc.oneof(
  fc.constant({}),
  fc.integer({ min: 1, max: 4 }).map((atLeast) => ({ atLeast })),
  fc.integer({ min: 0, max: 4 }).map((atMost) => ({ atMost })),
  fc.integer({ min: 0, max: 3 }).map((exactly) => ({ exactly }))
)
const leaf: fc.Arbitrary<CohortRule> = fc.oneof(
  fc.tuple(when, window, times).map((parts) => ({ did: Object.assign({}, ...parts) })),
  fc.tuple(when, window).map((parts) => ({ didNot: Object.assign({}, ...parts) })),
  fc.constantFrom(...traits).map((trait) => ({ trait }))
)
const { rule } = fc.letrec<{ rule: CohortRule }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    leaf,
    fc.array(tie("rule"), { minLength: 1, maxLength: 3 }).map((and) => ({ and })),
    fc.array(tie("rule"), { minLength: 1, maxLength: 3 }).map((or) => ({ or })),
    tie("rule").map((not) => ({ not }))
  )
}))
const definition: fc.Arbitrary<CohortDefinition> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ type: "static" as const }) },
  {
    weight: 9,
    arbitrary: rule.map((each) => ({ type: "dynamic" as const, rule: each }))
  }
)

const decode = decodeStrictly(CohortDefinition)

describe("cohorts on a real ClickHouse", () => {
  const { effect } = withLayer(TestClickHouse.client)

  /** Stores a world as a project of its own. */
  const store = Effect.fnUntraced(function* (project: number, seed: number) {
    const [drawn] = fc.sample(
      fc.record({
        events: fc.array(event, { minLength: 20, maxLength: 60 }),
        links: fc.array(link, { maxLength: 4 }),
        changes: fc.array(change, { maxLength: 8 })
      }),
      { numRuns: 1, seed }
    )
    if (!drawn) throw new Error("nothing was drawn")
    const events = drawn.events.map(({ delay, ...each }, index) => ({
      ...each,
      project,
      messageId: `m${index}`,
      knownAt: each.at + delay,
      ...(each.event === "$pageview" ? { type: "page" } : {})
    }))
    const links = drawn.links.map((each, version) => ({ ...each, project, version }))
    // No two changes of a list are at one moment.
    const changes = drawn.changes.map((each, index) => ({
      ...each,
      at: each.at + index
    }))
    yield* insertEvents(events)
    if (links.length > 0) yield* insertLinks(links)
    const clickhouse = yield* ClickHouse
    yield* clickhouse.insert({
      table: "cohort_ids",
      format: "JSONEachRow",
      body: changes
        .map(({ at, id, isMember }) =>
          JSON.stringify({
            project_id: project,
            cohort: list,
            id_hash: String(id),
            changed_at: new Date(at)
              .toISOString()
              .replace("T", " ")
              .replace("Z", "000"),
            is_member: isMember ? 1 : 0
          })
        )
        .join("\n")
    })
    return { events, links, changes }
  })

  effect("have the members that a walk over the events finds", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      for (const project of [1, 2]) {
        const stored = yield* store(project, project * 7)
        const each = traits.map((trait) => ({ type: "dynamic", rule: { trait } }))
        for (const drawn of [
          ...fc.sample(definition, { numRuns: 5, seed: project }),
          ...(project === 1 ? each : [])
        ]) {
          const asked = yield* decode(drawn)
          for (const days of [8, 40]) {
            const watermark = start + days * DAY
            const world: World = { ...stored, now: watermark, watermark }
            const context: QueryContext = {
              ...contextOf(project),
              now: watermark,
              watermark,
              hasLinks: true,
              cohorts: new Map([[list, asked]])
            }
            const expected = referenceCohort(asked, world)
            const { params, sql } = statement(
              "members",
              cohortMembers(context, { id: list, definition: asked })
            )
            const rows = yield* clickhouse.query<{ person: string }>(sql, { params })
            expect(rows.map(({ person }) => Number(person)).sort()).toEqual(
              [...expected].sort()
            )
            if (days === 40) yield* narrows(context, world, expected)
            // Who was kept early, and may have been tied to others since.
            else if (project === 2)
              yield* keptUntil(start + 40 * DAY, context, world, asked, expected)
          }
        }
      }
    })
  )

  /** Of kept people those are members whom their ids stand for later. */
  const keptUntil = Effect.fnUntraced(function* (
    later: number,
    context: QueryContext,
    world: World,
    definition: CohortDefinition,
    members: ReadonlySet<number>
  ) {
    const clickhouse = yield* ClickHouse
    const version = crypto.randomUUID()
    const cohort = { id: list, definition }
    const found = statement("members", cohortMembers(context, cohort))
    yield* clickhouse.command(
      `INSERT INTO cohort_people (project_id, cohort, version, as_of, person)
       SELECT ${context.projectId}, '${list}', '${version}', now64(3), person
         FROM (${found.sql})`,
      { params: found.params }
    )
    const materialised = new Map([[list, version]])
    for (const watermark of [context.watermark, later]) {
      const kept = statement(
        "kept",
        cohortMembers({ ...context, watermark, materialised }, cohort)
      )
      const rows = yield* clickhouse.query<{ person: string }>(kept.sql, {
        params: kept.params
      })
      const expected = new Set(
        [...members].map((person) => personOf(person, { ...world, watermark }))
      )
      expect(rows.map(({ person }) => Number(person)).sort()).toEqual(
        [...expected].sort()
      )
    }
  })

  effect("narrow whatever is asked", () =>
    Effect.gen(function* () {
      const project = 9
      yield* insertEvents([
        { project, event: "a", at: start, messageId: "1", person: 1 },
        { project, event: "a", at: start, messageId: "2", person: 2 },
        { project, event: "b", at: start, messageId: "3", person: 2 }
      ])
      const link = { project, id: 1, person: 3, knownAt: start, version: 1 }
      yield* insertLinks([link])
      const didB: CohortDefinition = {
        type: "dynamic",
        rule: { did: { event: "b" } }
      }
      const context = { ...contextOf(project), cohorts: new Map([[list, didB]]) }
      for (const hasLinks of [false, true]) {
        const ask = (body: unknown) =>
          Effect.gen(function* () {
            const query = yield* parseQuery(body)
            return yield* answer(yield* query.compile({ ...context, hasLinks }))
          })
        for (const { example, kind } of documentedKinds)
          if (hasLinks && kind !== "sql" && kind !== "people")
            yield* ask({ ...Object(example), cohort: list })
        expect(yield* ask({ kind: "people", cohort: list })).toMatchObject({
          people: [{ personId: "2" }]
        })
        expect(yield* ask({ kind: "events", cohort: list })).toMatchObject({
          events: [{ messageId: "3" }, { messageId: "2" }]
        })
      }
    })
  )

  /** A count that otherwise reads the projection, and one of people. */
  const narrows = Effect.fnUntraced(function* (
    context: QueryContext,
    world: World,
    members: ReadonlySet<number>
  ) {
    const query = yield* parseQuery({
      kind: "trends",
      from: new Date(start).toISOString(),
      to: new Date(start + 20 * DAY).toISOString(),
      interval: "none",
      cohort: list,
      series: [{ event: "a", measure: "total" }, { measure: "unique_users" }]
    })
    const result = yield* answer(yield* query.compile(context))
    const own = world.events.filter(
      ({ at, isBot, knownAt = at, person }) =>
        !isBot && knownAt <= world.watermark && members.has(personOf(person, world))
    )
    const people = new Set(
      own
        .filter(({ event: name }) => name !== "$identify")
        .map(({ person }) => personOf(person, world))
    )
    expect(result).toMatchObject({
      series: [
        { data: [own.filter(({ event: name }) => name === "a").length] },
        { data: [people.size] }
      ]
    })
  })
})

describe("a definition", () => {
  const faults = (input: unknown) =>
    Effect.runSync(Effect.flip(decode(input))).errors.map(({ pointer }) => pointer)
  const dynamic = (each: unknown) => ({ type: "dynamic", rule: each })

  it("is read as documented", () => {
    expect(Effect.runSync(decode(cohortExample.definition))).toEqual(
      cohortExample.definition as CohortDefinition
    )
  })

  it.each([
    [dynamic({ did: { event: "a", atLeast: 1, atMost: 2 } }), "/rule/did"],
    [dynamic({ did: { event: "a", atLeast: 0 } }), "/rule/did/atLeast"],
    [
      dynamic({ did: { within: "7d", from: "2025-01-01T00:00:00Z" } }),
      "/rule/did/within"
    ],
    [dynamic({ did: { within: "month" } }), "/rule/did/within"],
    [dynamic({ trait: { property: "plan", op: "is", value: 1 } }), "/rule/trait"],
    [dynamic({ and: [] }), "/rule/and"],
    [dynamic({ and: Array.from({ length: 21 }, () => ({ did: {} })) }), "/rule"],
    [{ type: "static", rule: { did: {} } }, "/rule"],
    [{ type: "lucky" }, ""]
  ])("%j is refused at %s", (input, pointer) => {
    expect(faults(input)).toContain(pointer)
  })
})
