import { Effect } from "effect"
import { type Compiled, type QueryKind, type Row, statement } from "../Compiled.ts"
import { onlyBy, within } from "../people/selection.ts"
import { QueryInvalid } from "../QueryInvalid.ts"
import {
  LifecycleRequest,
  LifecycleResult,
  type LifecycleState,
  lifecycleExample,
  lifecycleStates
} from "./Lifecycle.ts"
import { type LifecyclePlan, planLifecycle } from "./lifecyclePlan.ts"
import { lifecyclePeopleSql, lifecycleSql } from "./lifecycleSql.ts"

/** Who is new, stays, comes back and stays away, bucket by bucket. */
export const lifecycleQuery: QueryKind<LifecycleRequest, LifecycleResult> = {
  kind: "lifecycle",
  request: LifecycleRequest,
  result: LifecycleResult,
  example: lifecycleExample,
  compile: (request, context) =>
    Effect.map(
      planLifecycle(request, context),
      (plan): Compiled<LifecycleResult> => ({
        statements: [statement("lifecycle", lifecycleSql(request, plan, context))],
        decode: ([rows = []]) => resultOf(plan, rows)
      })
    ),
  people: Effect.fnUntraced(function* (request, selection, context) {
    yield* onlyBy(selection, ["series", "bucket"])
    const plan = yield* planLifecycle(request, context)
    const series = lifecycleStates.find((state) => state === selection.series)
    if (series === undefined)
      return yield* QueryInvalid.at(
        "/of/series",
        `Expected one of ${lifecycleStates.join(", ")}`
      )
    const { bucket } = selection
    if (bucket !== undefined)
      yield* within("bucket", bucket, 0, plan.buckets.starts.length - 1)
    return lifecyclePeopleSql(request, plan, context, {
      state: lifecycleStates.indexOf(series),
      bucket
    })
  })
}

const resultOf = (
  { buckets }: LifecyclePlan,
  rows: ReadonlyArray<Row>
): LifecycleResult => {
  const people = new Map(
    rows.map((row) => [`${row["bucket"]} ${row["state"]}`, Number(row["people"])])
  )
  const counts = (state: LifecycleState) =>
    buckets.starts.map(
      (_, bucket) => people.get(`${bucket} ${lifecycleStates.indexOf(state)}`) ?? 0
    )
  return {
    buckets: buckets.starts.map((start) => new Date(start).toISOString()),
    labels: buckets.labels,
    new: counts("new"),
    returning: counts("returning"),
    resurrecting: counts("resurrecting"),
    dormant: counts("dormant").map((count) => (count === 0 ? 0 : -count))
  }
}
