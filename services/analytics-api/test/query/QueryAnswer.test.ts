import { expect, it } from "bun:test"
import { Schema } from "effect"
import { QueryAnswer } from "../../src/query/QueryAnswer.ts"

const none = { mean: null, median: null, p95: null }

it("leaves with every field of its own kind, also where nothing was found", () => {
  const answer: QueryAnswer = {
    kind: "sessions",
    result: {
      count: 0,
      people: 0,
      bounceRate: null,
      durationsSeconds: none,
      eventsPerSession: none,
      entry: [],
      exit: [],
      buckets: ["2025-03-01T00:00:00.000Z"],
      labels: ["2025-03-01"],
      series: []
    },
    meta: {
      asOf: "2025-03-05T12:00:00.000Z",
      ingestLagMs: 0,
      cached: false,
      elapsedMs: 1,
      rowsRead: 0,
      warnings: [],
      definitions: "v1"
    }
  }
  expect(Schema.encodeSync(QueryAnswer)(answer)).toEqual(answer)
})
