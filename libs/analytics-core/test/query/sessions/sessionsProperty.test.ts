import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect, type Schema } from "effect"
import fc from "fast-check"
import type { QueryContext } from "../../../src/query/Compiled.ts"
import { decodeStrictly } from "../../../src/query/decodeStrictly.ts"
import { QueryInvalid } from "../../../src/query/QueryInvalid.ts"
import { render } from "../../../src/query/Sql.ts"
import type { SessionsResult } from "../../../src/query/sessions/Sessions.ts"
import { sessionsQuery } from "../../../src/query/sessions/SessionsQuery.ts"
import { answer, contextOf, insertEvents, insertLinks } from "../eventStore.ts"
import { type Activity, activity, asked, rowsOf, START } from "./drawnActivity.ts"
import {
  propertyOf,
  type ReferenceSession,
  referenceSessions,
  startOf,
  statistics
} from "./referenceSessions.ts"

const HOUR = 3_600_000

const question = fc.record({
  ...asked,
  interval: fc.constantFrom(undefined, "none", "hour"),
  breakdown: fc.constantFrom(undefined, "p", "$browser")
})

const seconds = ({ events }: ReferenceSession) =>
  ((events.at(-1)?.at ?? 0) - (events[0]?.at ?? 0)) / 1000

const sorted = (counts: SessionsResult["entry"]) =>
  counts.map((one) => JSON.stringify(one)).sort()

const counted = (values: ReadonlyArray<Schema.Json>) =>
  [...new Set(values)]
    .map((value) => ({ value, count: values.filter((one) => one === value).length }))
    .map((one) => JSON.stringify(one))
    .sort()

const close = (found: unknown, wanted: ReturnType<typeof statistics>) =>
  expect(found).toEqual({
    mean: wanted.mean === null ? null : expect.closeTo(wanted.mean, 9),
    median: wanted.median === null ? null : expect.closeTo(wanted.median, 9),
    p95: wanted.p95 === null ? null : expect.closeTo(wanted.p95, 9)
  })

const ask = Effect.fnUntraced(function* (request: object, context: QueryContext) {
  const decoded = yield* decodeStrictly(sessionsQuery.request)(request)
  const result = yield* answer(yield* sessionsQuery.compile(decoded, context))
  if (result instanceof QueryInvalid) return yield* result
  return result
})

describe("sessions on a real ClickHouse", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect("are what the definition says, for any events and any question", () =>
    Effect.gen(function* () {
      const services = yield* Effect.context<ClickHouse>()
      const clickhouse = yield* ClickHouse
      let project = 5000
      const check = Effect.fnUntraced(function* (
        drawn: Activity,
        questions: ReadonlyArray<
          typeof question extends fc.Arbitrary<infer A> ? A : never
        >
      ) {
        project++
        const { events, links } = rowsOf(drawn, project)
        if (events.length > 0) yield* insertEvents(events)
        if (links.length > 0) yield* insertLinks(links)
        for (const item of questions) {
          const from = START + item.fromOffset
          const to = from + item.length
          const { breakdown, interval, property, timeoutSeconds } = item
          const request = {
            kind: "sessions" as const,
            from: new Date(from).toISOString(),
            to: new Date(to).toISOString(),
            timezone: "UTC",
            filters: item.filters,
            includeBots: item.includeBots,
            list: true,
            limit: 40,
            ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
            ...(property === undefined ? {} : { property }),
            ...(interval === undefined ? {} : { interval }),
            ...(breakdown === undefined ? {} : { breakdown: [breakdown] })
          }
          const context = {
            ...contextOf(project),
            watermark: item.watermark,
            hasLinks: links.length > 0
          }
          const found = yield* ask(request, context)
          const wanted = referenceSessions(events, links, {
            ...item,
            from,
            to,
            timeoutMs: (timeoutSeconds ?? 1800) * 1000
          })
          const people = new Set(wanted.map(({ person }) => person))
          expect(found.count).toBe(wanted.length)
          expect(found.people).toBe(people.size)
          expect(found.bounceRate).toBe(
            wanted.length === 0
              ? null
              : wanted.filter((one) => one.events.length === 1).length / wanted.length
          )
          close(found.durationsSeconds, statistics(wanted.map(seconds)))
          close(
            found.eventsPerSession,
            statistics(wanted.map((one) => one.events.length))
          )
          const end = (one: ReferenceSession, index: 0 | -1) => {
            const event = one.events.at(index)
            return event ? propertyOf(event, property) : null
          }
          expect(sorted(found.entry)).toEqual(counted(wanted.map((one) => end(one, 0))))
          expect(sorted(found.exit)).toEqual(counted(wanted.map((one) => end(one, -1))))

          const starts =
            interval === "hour"
              ? found.buckets.map((start) => Date.parse(start))
              : [from]
          const inBucket = (one: ReferenceSession, bucket: number) =>
            startOf(one) >= (starts[bucket] ?? 0) &&
            startOf(one) < (starts[bucket + 1] ?? to)
          if (interval === "hour") {
            expect(starts[0]).toBe(Math.floor(from / HOUR) * HOUR)
            expect(starts.length).toBe(Math.ceil((to - (starts[0] ?? 0)) / HOUR))
          }
          const groups = new Map<string, Array<ReferenceSession>>()
          if (breakdown === undefined) groups.set("null", [...wanted])
          else
            for (const one of wanted) {
              const key = JSON.stringify([propertyOf(one.match, breakdown)])
              groups.set(key, [...(groups.get(key) ?? []), one])
            }
          expect(
            found.series.map((one) => [JSON.stringify(one.breakdown), one.data]).sort()
          ).toEqual(
            [...groups]
              .map(([key, members]) => [
                key,
                starts.map(
                  (_, bucket) => members.filter((one) => inBucket(one, bucket)).length
                )
              ])
              .sort()
          )

          const listed: Array<NonNullable<SessionsResult["sessions"]>[number]> = []
          let page = found
          for (;;) {
            listed.push(...(page.sessions ?? []))
            const cursor = page.nextCursor
            if (typeof cursor !== "string") break
            expect(page.sessions?.length).toBe(40)
            page = yield* ask({ ...request, cursor }, context)
          }
          expect(listed).toEqual(
            wanted.map((one) => ({
              personId: String(one.person),
              start: new Date(startOf(one)).toISOString(),
              end: new Date(one.events.at(-1)?.at ?? 0).toISOString(),
              durationSeconds: seconds(one),
              events: one.events.length,
              entry: end(one, 0),
              exit: end(one, -1)
            }))
          )

          const [group] = found.series
          const bucket = starts.length - 1
          const asking = yield* decodeStrictly(sessionsQuery.request)(request)
          if (!sessionsQuery.people || !group) continue
          const chosen = yield* sessionsQuery.people(
            asking,
            { bucket, ...(group.breakdown ? { breakdown: group.breakdown } : {}) },
            context
          )
          const { params, sql } = render(chosen)
          const rows = yield* clickhouse.query(sql, { params })
          const members = groups.get(JSON.stringify(group.breakdown)) ?? []
          expect(rows.map((row) => Number(row["person"])).sort()).toEqual(
            [
              ...new Set(
                members.filter((one) => inBucket(one, bucket)).map((one) => one.person)
              )
            ].sort()
          )
        }
      })
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            activity,
            fc.array(question, { minLength: 3, maxLength: 3 }),
            (events, questions) =>
              Effect.runPromiseWith(services)(check(events, questions))
          ),
          { numRuns: Number(process.env["SESSIONS_RUNS"] ?? 3), endOnFailure: true }
        )
      )
    })
  )
})
