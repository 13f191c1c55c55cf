import { parseQuery } from "@analytics/analytics-core/query/Query"
import { Effect } from "effect"
import { JobRefused } from "../../jobs/JobType.ts"
import type { Payload } from "./ExportPayload.ts"

type Question = Exclude<Payload["what"], { readonly events: unknown }>

/** The body of `POST /v1/query` that is asked for. */
export const bodyOf = (what: Question): object => {
  if ("query" in what) return what.query
  return "people" in what
    ? { ...what.people, kind: "people" }
    : { kind: "people", cohort: what.cohort }
}

/** Refuses what could never succeed. */
export const checked = Effect.fnUntraced(function* ({
  compression,
  format,
  formulaGuard,
  what
}: Payload) {
  if (compression === "gzip" && (format === "parquet" || format === "arrow"))
    return yield* new JobRefused({
      pointer: "/compression",
      detail: "Only csv and ndjson are packed: leave it out."
    })
  if (formulaGuard !== undefined && format !== "csv")
    return yield* new JobRefused({
      pointer: "/formulaGuard",
      detail: "Only csv has it: leave it out."
    })
  if ("events" in what) {
    const { from, to } = what.events
    if (from !== undefined && to !== undefined && Date.parse(from) >= Date.parse(to))
      return yield* new JobRefused({
        pointer: "/what/events/to",
        detail: "to must lie after from"
      })
    return
  }
  const pointer = `/what/${"query" in what ? "query" : "people" in what ? "people" : "cohort"}`
  const body = bodyOf(what)
  const settled = ["asOf", ...("people" in what ? ["kind", "limit", "cursor"] : [])]
  for (const field of settled)
    if (field in ("people" in what ? what.people : body))
      return yield* new JobRefused({
        pointer: `${pointer}/${field}`,
        detail: "The export decides this itself: leave it out."
      })
  yield* parseQuery(body).pipe(
    Effect.mapError(
      ({ errors: [first] }) =>
        new JobRefused({
          pointer: pointer + (first?.pointer ?? ""),
          detail: first?.detail ?? "This is no query."
        })
    )
  )
})
