import { Auth } from "@analytics/api-common/access/Auth"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { RenderFormat } from "@analytics/reports/RenderFormat"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { ProjectQuery, projectQuery, reading } from "../access/ProjectQuery.ts"
import { refusals, security } from "../access/refusals.ts"
import { ReportId } from "../definitions/Report.ts"
import { fileResponse } from "../files/fileResponse.ts"
import { ReportsUnavailable } from "../ReportsUnavailable.ts"
import { RenderFailed, RendersBusy } from "../rendering/RenderProblems.ts"
import { ReportRuns } from "./ReportRuns.ts"
import { Run, RunId } from "./Run.ts"
import { RunNotFound } from "./RunProblems.ts"
import { RunRepo } from "./RunRepo.ts"

const Params = Schema.Struct({ runId: RunId })
const FileParams = Schema.Struct({ runId: RunId, format: RenderFormat })
const Filter = Schema.Struct({
  ...projectQuery,
  reportId: Schema.optionalKey(ReportId),
  cursor: Schema.optionalKey(RunId),
  limit: Schema.optionalKey(
    Schema.FiniteFromString.check(
      Schema.isInt(),
      Schema.isBetween({ minimum: 1, maximum: 1000 })
    )
  )
})
const Page = Schema.Struct({
  runs: Schema.Array(Run),
  nextCursor: Schema.NullOr(Schema.String)
})
const Link = Schema.Struct({ url: Schema.String })

const PAGE = 50

const ofFiles = {
  ...refusals,
  404: sent(RunNotFound),
  422: sent(Schema.Union([RenderFailed, ProjectMissing])),
  429: sent(RendersBusy),
  503: sent(Schema.Union([ReportsUnavailable, KeysUnavailable]))
}

/** `/v1/report-runs`: the history of reports, and its files. */
export const runsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | ReportRuns | RunRepo, ER>
) =>
  new Elysia({ prefix: "/v1/report-runs", tags: ["runs"] })
    .use(effectPlugin(runtime))
    .get(
      "",
      ({ headers, query: { cursor, limit = PAGE, projectId, reportId }, run }) =>
        run(
          Page,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).ofProject(
              headers["authorization"],
              reading,
              projectId
            )
            const runs = yield* (yield* RunRepo).page(access.projectId, {
              after: cursor,
              reportId,
              limit
            })
            const last = runs.length < limit ? undefined : runs.at(-1)
            return { runs, nextCursor: last?.id ?? null }
          })
        ),
      {
        query: received(Filter),
        response: { 200: sent(Page), ...refusals },
        detail: { summary: "Runs of reports, newest first", security }
      }
    )
    .get(
      "/:runId",
      ({ headers, params, query, run }) =>
        run(
          Run,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).ofProject(
              headers["authorization"],
              reading,
              query.projectId
            )
            return yield* (yield* ReportRuns).get(access.projectId, params.runId)
          })
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        response: { 200: sent(Run), ...refusals, 404: sent(RunNotFound) },
        detail: { summary: "A run", security }
      }
    )
    .get(
      "/:runId/files/:format",
      ({ headers, params: { format, runId }, query, runResponse }) =>
        runResponse(
          Effect.gen(function* () {
            const access = yield* (yield* Auth).ofProject(
              headers["authorization"],
              reading,
              query.projectId
            )
            const runs = yield* ReportRuns
            const run = yield* runs.get(access.projectId, runId)
            return fileResponse(yield* runs.file(run, format), { asked: headers })
          })
        ),
      {
        params: received(FileParams),
        query: received(ProjectQuery),
        response: { 200: sent(Schema.Unknown), ...ofFiles },
        detail: {
          summary: "A file of a run",
          description:
            "A format that was not asked for then is made of the document of then: the same numbers. `Range` and `If-None-Match` are understood.",
          security
        }
      }
    )
    .post(
      "/:runId/links",
      ({ body: { format }, headers, params, query, run }) =>
        run(
          Link,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).ofProject(
              headers["authorization"],
              reading,
              query.projectId
            )
            const runs = yield* ReportRuns
            const found = yield* runs.get(access.projectId, params.runId)
            return { url: yield* runs.link(found, format) }
          })
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        body: received(Schema.Struct({ format: RenderFormat })),
        response: { 200: sent(Link), ...refusals, 404: sent(RunNotFound) },
        detail: {
          summary: "A link to a file that needs no key",
          description: "It works for `REPORT_LINK_LIFETIME`.",
          security
        }
      }
    )
