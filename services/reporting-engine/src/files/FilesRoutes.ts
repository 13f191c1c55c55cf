import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { RenderFormat } from "@analytics/reports/RenderFormat"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { ProjectId } from "../access/ProjectQuery.ts"
import { ReportsUnavailable } from "../ReportsUnavailable.ts"
import { RenderFailed, RendersBusy } from "../rendering/RenderProblems.ts"
import { ReportRuns } from "../runs/ReportRuns.ts"
import { RunId } from "../runs/Run.ts"
import { RunNotFound } from "../runs/RunProblems.ts"
import { fileResponse } from "./fileResponse.ts"
import { LinkRefused } from "./LinkRefused.ts"

const Params = Schema.Struct({
  projectId: ProjectId,
  runId: RunId,
  format: RenderFormat
})
const Signed = Schema.Struct({
  expires: Schema.FiniteFromString.check(Schema.isInt()),
  signature: Schema.String.check(Schema.isMaxLength(100))
})

/** `/v1/files`: what a link leads to. Whoever has it needs no key. */
export const filesRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | ReportRuns, ER>
) =>
  new Elysia({ prefix: "/v1/files", tags: ["runs"] }).use(effectPlugin(runtime)).get(
    "/:projectId/:runId/:format",
    ({ headers, params, query, runResponse }) =>
      runResponse(
        Effect.gen(function* () {
          const runs = yield* ReportRuns
          const file = yield* runs.linked({ ...params, ...query })
          return fileResponse(file, { asked: headers })
        })
      ),
    {
      params: received(Params),
      query: received(Signed),
      response: {
        200: sent(Schema.Unknown),
        403: sent(LinkRefused),
        404: sent(RunNotFound),
        422: sent(RenderFailed),
        429: sent(RendersBusy),
        503: sent(ReportsUnavailable)
      },
      detail: {
        summary: "A file of a run, by a signed link",
        description:
          "Links are made by `POST /v1/report-runs/{runId}/links` and in messages, and end after `REPORT_LINK_LIFETIME`."
      }
    }
  )
