import { describe, expect, it } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect, Result } from "effect"
import { parseQuery } from "../../src/query/Query.ts"
import { QueryInvalid } from "../../src/query/QueryInvalid.ts"
import { answer, contextOf } from "./eventStore.ts"

const trends = {
  kind: "trends",
  series: [{ event: "a", measure: "total" }],
  interval: "year",
  from: "2025-01-01T00:00:00Z",
  to: "2026-01-01T00:00:00Z"
}

const faults = (body: unknown) =>
  Result.match(Effect.runSync(Effect.result(parseQuery(body))), {
    onSuccess: () => [],
    onFailure: ({ errors }) => errors.map(({ pointer }) => pointer)
  })

describe("an instant", () => {
  it.each([
    "2025-02-30T00:00:00Z",
    "2025-02-29T00:00:00Z",
    "2025-04-31T23:00:00+02:00",
    "2025-13-01T00:00:00Z",
    "2025-01-00T00:00:00Z",
    "2025-01-01T25:00:00Z",
    "1899-12-31T23:59:59.999Z",
    "1900-01-01T00:00:00+01:00",
    "0001-01-01T00:00:00Z",
    "2300-01-01T00:00:00Z",
    "9999-12-31T00:00:00Z"
  ])("is not %s", (from) => {
    expect(faults({ ...trends, from })).toEqual(["/from"])
  })

  it.each(["2024-02-29T00:00:00Z", "1900-01-01T00:00:00Z", "2024-12-31T23:00-05:30"])(
    "may be %s",
    (from) => {
      expect(faults({ ...trends, from })).toEqual([])
    }
  )
})

describe("a range at the ends of time", () => {
  const { effect } = withLayer(TestClickHouse.client)
  const range = { from: "1900-01-01T00:00:00Z", to: "2299-12-31T23:59:59.999Z" }
  const occurrence = { event: "a" }

  const bodies = [
    { ...trends, ...range },
    { ...trends, ...range, compare: "previous_period" },
    { ...trends, ...range, series: [{ measure: "sessions" }] },
    { ...trends, ...range, series: [{ measure: "active_users_trailing_30d" }] },
    {
      kind: "funnel",
      ...range,
      steps: [occurrence, { event: "b" }],
      windowSeconds: 86_400
    },
    {
      kind: "retention",
      from: "2299-01-01T00:00:00Z",
      mode: "recurring",
      start: occurrence,
      return: occurrence,
      interval: "year",
      periods: 100
    }
  ]

  effect("can be asked", () =>
    Effect.gen(function* () {
      for (const body of bodies) {
        const query = yield* parseQuery(body)
        const result = yield* answer(yield* query.compile(contextOf(987)))
        expect(result).not.toBeInstanceOf(QueryInvalid)
      }
    })
  )
})
