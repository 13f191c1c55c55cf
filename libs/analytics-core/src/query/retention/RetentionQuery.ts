import { Effect } from "effect"
import { type Compiled, type QueryKind, type Row, statement } from "../Compiled.ts"
import { RetentionRequest, RetentionResult, retentionExample } from "./Retention.ts"
import { retentionPeople } from "./retentionPeople.ts"
import { planRetention, type RetentionPlan } from "./retentionPlan.ts"
import { retentionSql } from "./retentionSql.ts"

/** How many people of each cohort come back in the periods after it. */
export const retentionQuery: QueryKind<RetentionRequest, RetentionResult> = {
  kind: "retention",
  request: RetentionRequest,
  result: RetentionResult,
  example: retentionExample,
  compile: (request, context) =>
    Effect.map(
      planRetention(request, context),
      (plan): Compiled<RetentionResult> => ({
        statements: [statement("retention", retentionSql(plan, context))],
        decode: ([rows = []]) => ({ cohorts: cohortsOf(plan, rows) })
      })
    ),
  people: retentionPeople
}

const cohortsOf = (
  { request, buckets }: RetentionPlan,
  rows: ReadonlyArray<Row>
): RetentionResult["cohorts"] => {
  const people = new Map(
    rows.map((row) => [`${row["cohort"]} ${row["period"]}`, Number(row["people"])])
  )
  return buckets.starts.map((start, cohort) => {
    const periods = Math.min(request.periods, buckets.starts.length - cohort)
    const found = Array.from(
      { length: request.periods },
      (_, period) => people.get(`${cohort} ${period}`) ?? 0
    )
    const size = found[0] ?? 0
    const counts = (
      request.onOrAfter ? [size, ...fromEnd(found.slice(1))] : found
    ).slice(0, periods)
    return {
      start: new Date(start).toISOString(),
      size,
      counts,
      rates: counts.map((count) => (size === 0 ? null : count / size))
    }
  })
}

/** Who came back last in a period came back then or later in all periods before it. */
const fromEnd = (lastSeen: ReadonlyArray<number>): ReadonlyArray<number> => {
  let sum = 0
  return lastSeen
    .toReversed()
    .map((count) => (sum += count))
    .toReversed()
}
