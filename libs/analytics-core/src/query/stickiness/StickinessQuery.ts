import { Effect } from "effect"
import { bucketedRange } from "../bucketedRange.ts"
import { type Compiled, type QueryKind, type Row, statement } from "../Compiled.ts"
import { onlyBy, within } from "../people/selection.ts"
import { StickinessRequest, StickinessResult, stickinessExample } from "./Stickiness.ts"
import { stickinessSql, stickyPeopleSql } from "./stickinessSql.ts"

/** How many people are active in how many buckets of the range. */
export const stickinessQuery: QueryKind<StickinessRequest, StickinessResult> = {
  kind: "stickiness",
  request: StickinessRequest,
  result: StickinessResult,
  example: stickinessExample,
  compile: (request, context) =>
    Effect.map(
      bucketedRange(request, context),
      (plan): Compiled<StickinessResult> => ({
        statements: [statement("stickiness", stickinessSql(request, plan, context))],
        decode: ([rows = []]) => ({
          counts: countsOf(rows, plan.buckets.starts.length, request.cumulative)
        })
      })
    ),
  people: Effect.fnUntraced(function* (request, selection, context) {
    yield* onlyBy(selection, ["bucket"])
    const plan = yield* bucketedRange(request, context)
    const most = plan.buckets.starts.length
    if (selection.bucket === undefined)
      return stickyPeopleSql(request, plan, context, [1, most])
    const least = 1 + (yield* within("bucket", selection.bucket, 0, most - 1))
    return stickyPeopleSql(request, plan, context, [
      least,
      request.cumulative ? most : least
    ])
  })
}

const countsOf = (
  rows: ReadonlyArray<Row>,
  most: number,
  isCumulative = false
): StickinessResult["counts"] => {
  const exactly = new Map(
    rows.map((row) => [Number(row["active"]), Number(row["people"])])
  )
  let above = 0
  return Array.from({ length: most }, (_, index) => {
    const buckets = most - index
    const people = exactly.get(buckets) ?? 0
    above += people
    return { buckets, people: isCumulative ? above : people }
  }).reverse()
}
