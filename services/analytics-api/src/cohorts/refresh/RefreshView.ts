import { Schema } from "effect"

/** What is known of materialising a cohort, as `GET /v1/cohorts` shows it. */
export const RefreshView = Schema.Struct({
  state: Schema.Literals(["never", "running", "succeeded", "failed"]).annotate({
    description: "Of the newest attempt; one whose process is gone has failed"
  }),
  startedAt: Schema.NullOr(Schema.DateFromString),
  lastGood: Schema.NullOr(
    Schema.Struct({
      at: Schema.DateFromString,
      people: Schema.Int,
      asOf: Schema.DateFromString.annotate({
        description: "The watermark at which its people were found"
      }),
      isUsed: Schema.Boolean.annotate({
        description:
          "Whether a query may use it, if it is young enough: the definition is the same, and nothing was erased since"
      })
    })
  ).annotate({ description: "Stays, whatever fails afterwards" }),
  failure: Schema.NullOr(
    Schema.Struct({ at: Schema.DateFromString, detail: Schema.String })
  ).annotate({ description: "Of the newest attempt that ended, if it failed" })
})
export type RefreshView = typeof RefreshView.Type

const Ended = Schema.Struct({
  state: Schema.Literals(["done", "failed"]),
  at: Schema.DateFromString,
  failure: Schema.NullOr(Schema.String)
})

/** What `refreshColumn` gives. */
export const RefreshColumn = Schema.Struct({
  newest: Schema.NullOr(
    Schema.Struct({
      state: Schema.Literals(["running", "done", "failed"]),
      startedAt: Schema.DateFromString
    })
  ),
  ended: Schema.NullOr(Ended),
  good: RefreshView.fields.lastGood
})

export const GONE =
  "Its process stopped saying that it works; the next refresh repairs it."

/** An expression beside the columns of `control.cohorts`. */
export const refreshColumn = `(
  WITH r AS MATERIALIZED (
    SELECT CASE WHEN state = 'running' AND lease_until <= now()
                THEN 'failed' ELSE state END AS state,
           started_at, coalesce(ended_at, lease_until) AS ended_at,
           coalesce(failure, '${GONE}') AS failure, as_of, people, effective_at,
           retired_at IS NULL AND definition_hash = md5(cohorts.definition) AS used
      FROM control.cohort_refreshes
     WHERE cohort = cohorts.id AND project_id = cohorts.project_id)
  SELECT json_build_object(
    'newest', (SELECT json_build_object('state', state, 'startedAt', started_at)
                 FROM r ORDER BY started_at DESC LIMIT 1),
    'ended', (SELECT json_build_object('state', state, 'at', ended_at, 'failure', failure)
                FROM r WHERE state <> 'running' ORDER BY started_at DESC LIMIT 1),
    'good', (SELECT json_build_object('at', ended_at, 'people', people, 'asOf', as_of,
                                      'isUsed', used)
               FROM r WHERE state = 'done' ORDER BY effective_at DESC LIMIT 1))
) AS refresh`

export const refreshView = ({
  ended,
  good,
  newest
}: typeof RefreshColumn.Type): RefreshView => ({
  state:
    newest === null ? "never" : newest.state === "done" ? "succeeded" : newest.state,
  startedAt: newest?.startedAt ?? null,
  lastGood: good,
  failure:
    ended?.state === "failed" ? { at: ended.at, detail: ended.failure ?? GONE } : null
})
