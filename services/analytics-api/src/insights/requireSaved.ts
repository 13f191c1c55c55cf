import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Effect } from "effect"
import type { ProjectId } from "../projects/Project.ts"
import type { Queries } from "../query/Queries.ts"
import type { Insight } from "./Insight.ts"

/** Of a query, as JSON. */
export const MAX_QUERY_BYTES = 200_000

/** What belongs to one asking, not to a question. */
const momentary = {
  cursor: "A saved question begins at its first page; leave it out",
  asOf: "Say it when the result is asked for; leave it out"
}

/** Forms that only the answer of the kind of the same name has. */
const formsOfKinds = ["funnel", "retention", "paths"]

/**
 * Refuses what `POST /v1/query` would refuse, pointing below `/query`, and what is no
 * question without a moment.
 */
export const requireSaved = Effect.fnUntraced(function* (
  queries: Pick<Queries["Service"], "check">,
  project: { readonly projectId: ProjectId; readonly timezone: string },
  { chart, query }: Pick<Insight, "chart" | "query">
) {
  for (const [field, detail] of Object.entries(momentary))
    if (query[field] !== undefined)
      return yield* QueryInvalid.at(`/query/${field}`, detail)
  if (Buffer.byteLength(JSON.stringify(query)) > MAX_QUERY_BYTES)
    return yield* QueryInvalid.at(
      "/query",
      `At most ${MAX_QUERY_BYTES} bytes of JSON; name a cohort instead of many values`
    )
  yield* queries
    .check({ id: project.projectId, timezone: project.timezone }, query)
    .pipe(Effect.catchTag("QueryInvalid", (fault) => Effect.fail(below(fault))))
  if (formsOfKinds.includes(chart.form) && chart.form !== query["kind"])
    return yield* QueryInvalid.at(
      "/chart/form",
      `Only a query of the kind ${chart.form} is drawn so; "table" shows any`
    )
})

const below = ({ errors }: QueryInvalid): QueryInvalid =>
  new QueryInvalid({
    errors: errors.map(({ detail, pointer }) => ({
      pointer: `/query${pointer}`,
      detail
    }))
  })
