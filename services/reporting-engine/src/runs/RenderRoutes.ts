import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { Auth } from "@analytics/api-common/access/Auth"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { changing } from "../access/ProjectQuery.ts"
import {
  AnalyticsRefused,
  AnalyticsUnavailable
} from "../analytics/AnalyticsProblems.ts"
import { checkDefinition } from "../definitions/checkDefinition.ts"
import { ReportInvalid, ReportNotFound } from "../definitions/DefinitionProblems.ts"
import { ReportId } from "../definitions/Report.ts"
import { downloadName } from "../files/downloadName.ts"
import { fileResponse } from "../files/fileResponse.ts"
import { ReportsUnavailable } from "../ReportsUnavailable.ts"
import { Renderer } from "../rendering/Renderer.ts"
import { RenderFailed, RendersBusy } from "../rendering/RenderProblems.ts"
import { PreviewBody, RenderBody, RenderQuery, timed } from "./asking.ts"
import { ReportRuns } from "./ReportRuns.ts"
import { Run } from "./Run.ts"

const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  422: sent(
    Schema.Union([ReportInvalid, AnalyticsRefused, RenderFailed, ProjectMissing])
  ),
  429: sent(RendersBusy),
  503: sent(Schema.Union([ReportsUnavailable, AnalyticsUnavailable, KeysUnavailable]))
}
const security = [{ key: [] }]

const isAsync = (prefer: string | undefined): boolean =>
  (prefer ?? "").split(",").some((it) => it.trim().toLowerCase() === "respond-async")

const encodeRun = Schema.encodeEffect(Run)

/** What makes files of reports. */
export const renderRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Renderer | ReportRuns, ER>
) =>
  new Elysia({ prefix: "/v1/reports", tags: ["runs"] })
    .use(effectPlugin(runtime))
    .post(
      "/preview",
      ({ body: { definition, ...rest }, headers, query, runResponse }) =>
        runResponse(
          Effect.gen(function* () {
            const { projectId } = yield* (yield* Auth).ofProject(
              headers["authorization"],
              changing,
              query.projectId
            )
            yield* checkDefinition(definition)
            const document = yield* (yield* ReportRuns).document({
              projectId,
              report: { name: definition.title, definition },
              ...timed(rest)
            })
            const { format = "html" } = query
            const rendered = yield* (yield* Renderer).render(document, format)
            const { bytes, extension, mediaType } = rendered
            const asOf = new Date(document.asOf)
            const download = downloadName(document.title, asOf, format, extension)
            return fileResponse({ bytes, mediaType, download })
          })
        ),
      {
        body: received(PreviewBody),
        query: received(RenderQuery),
        response: { 200: sent(Schema.Unknown), ...refusals },
        detail: {
          summary: "Render a definition without keeping anything",
          security
        }
      }
    )
    .post(
      "/:reportId/render",
      ({ body, headers, params, query, runResponse }) =>
        runResponse(
          Effect.gen(function* () {
            const { actor, projectId } = yield* (yield* Auth).ofProject(
              headers["authorization"],
              changing,
              query.projectId
            )
            const { format = "html" } = query
            const runs = yield* ReportRuns
            const asked = {
              projectId,
              report: { id: params.reportId },
              ...timed(body ?? {}),
              formats: [format],
              reason: "manual",
              actor
            }
            if (isAsync(headers["prefer"])) {
              const run = yield* runs.start(asked)
              return Response.json(yield* Effect.orDie(encodeRun(run)), {
                status: 202,
                headers: {
                  location: `/v1/report-runs/${run.id}`,
                  "preference-applied": "respond-async"
                }
              })
            }
            const run = yield* runs.run(asked)
            const file = yield* runs.file(run, format)
            return fileResponse(file, {
              more: {
                "content-location": `/v1/report-runs/${run.id}/files/${format}`
              }
            })
          }).pipe(Effect.catchTag("RunNotFound", Effect.die))
        ),
      {
        params: received(Schema.Struct({ reportId: ReportId })),
        body: received(RenderBody),
        query: received(RenderQuery),
        response: {
          200: sent(Schema.Unknown),
          202: sent(Run),
          404: sent(ReportNotFound),
          ...refusals
        },
        detail: {
          summary: "Make a report now, as a file",
          description:
            "Answers with the bytes; `Content-Location` is where they stay. With `Prefer: respond-async` it answers 202 with the run at once; `GET /v1/report-runs/{runId}` says when it is done.",
          security
        }
      }
    )
