import { Auth } from "@analytics/api-common/access/Auth"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import {
  changing,
  ProjectQuery,
  projectQuery,
  reading
} from "../access/ProjectQuery.ts"
import { refusals, security } from "../access/refusals.ts"
import {
  AnalyticsRefused,
  AnalyticsUnavailable
} from "../analytics/AnalyticsProblems.ts"
import { ReportsUnavailable } from "../ReportsUnavailable.ts"
import {
  ReportChanged,
  ReportInUse,
  ReportInvalid,
  ReportNotFound,
  TooManyReports
} from "./DefinitionProblems.ts"
import {
  Report,
  ReportId,
  ReportName,
  ReportSummary,
  ReportVersion,
  ReportVersionNumber
} from "./Report.ts"
import { Definition } from "./ReportDefinition.ts"
import { Reports } from "./Reports.ts"

const NewReport = Schema.Struct({
  name: Schema.optionalKey(ReportName),
  definition: Schema.optionalKey(Definition),
  template: Schema.optionalKey(
    Schema.String.annotate({ examples: ["weekly-product"] })
  ).annotate({ description: "Instead of a definition" }),
  parameters: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)).annotate(
    { description: "Of the template" }
  )
}).check(
  // A union of both would answer what is wrong with either, and hide what is meant.
  Schema.makeFilter(({ definition, parameters, template }) => {
    if ((definition === undefined) === (template === undefined))
      return { path: ["definition"], issue: "Give either definition or template" }
    return template === undefined && parameters !== undefined
      ? { path: ["parameters"], issue: "Only a template takes them here; leave it out" }
      : undefined
  })
)
const Change = Schema.Struct({
  version: ReportVersionNumber,
  name: Schema.optionalKey(ReportName),
  definition: Schema.optionalKey(Definition)
})
const Paged = Schema.Struct({
  ...projectQuery,
  cursor: Schema.optionalKey(ReportId),
  limit: Schema.optionalKey(
    Schema.FiniteFromString.check(
      Schema.isInt(),
      Schema.isBetween({ minimum: 1, maximum: 1000 })
    )
  )
})
const Page = Schema.Struct({
  reports: Schema.Array(ReportSummary),
  nextCursor: Schema.NullOr(Schema.String)
})
const Versions = Schema.Struct({ versions: Schema.Array(ReportVersion) })
const Params = Schema.Struct({ reportId: ReportId })

const PAGE = 100

/** `/v1/reports`: what reports say, and how they change. */
export const reportsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Reports, ER>
) =>
  new Elysia({ prefix: "/v1/reports", tags: ["reports"] })
    .use(effectPlugin(runtime))
    .post(
      "",
      ({ body, headers, query, run }) =>
        run(
          Report,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).ofProject(
              headers["authorization"],
              changing,
              query.projectId
            )
            return yield* (yield* Reports).create(access, body)
          }),
          201
        ),
      {
        body: received(NewReport),
        query: received(ProjectQuery),
        response: {
          201: sent(Report),
          ...refusals,
          409: sent(TooManyReports),
          422: sent(Schema.Union([ReportInvalid, AnalyticsRefused, ProjectMissing])),
          503: sent(
            Schema.Union([ReportsUnavailable, AnalyticsUnavailable, KeysUnavailable])
          )
        },
        detail: {
          summary: "Make a report",
          description:
            "Of a definition, or of a template (`GET /v1/report-templates`) as it fits what the project has: the answer is a report like any other.",
          security
        }
      }
    )
    .get(
      "",
      ({ headers, query: { cursor, limit = PAGE, projectId }, run }) =>
        run(
          Page,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).ofProject(
              headers["authorization"],
              reading,
              projectId
            )
            const reports = yield* (yield* Reports).page(
              access.projectId,
              cursor,
              limit
            )
            const last = reports.length < limit ? undefined : reports.at(-1)
            return { reports, nextCursor: last?.id ?? null }
          })
        ),
      {
        query: received(Paged),
        response: { 200: sent(Page), ...refusals },
        detail: { summary: "Reports of the project", security }
      }
    )
    .get(
      "/:reportId",
      ({ headers, params, query, run }) =>
        run(
          Report,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).ofProject(
              headers["authorization"],
              reading,
              query.projectId
            )
            return yield* (yield* Reports).get(access.projectId, params.reportId)
          })
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        response: { 200: sent(Report), ...refusals, 404: sent(ReportNotFound) },
        detail: { summary: "A report", security }
      }
    )
    .patch(
      "/:reportId",
      ({ body, headers, params, query, run }) =>
        run(
          Report,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).ofProject(
              headers["authorization"],
              changing,
              query.projectId
            )
            return yield* (yield* Reports).change(access, params.reportId, body)
          })
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        body: received(Change),
        response: {
          200: sent(Report),
          ...refusals,
          404: sent(ReportNotFound),
          409: sent(ReportChanged),
          422: sent(Schema.Union([ReportInvalid, AnalyticsRefused, ProjectMissing])),
          503: sent(
            Schema.Union([ReportsUnavailable, AnalyticsUnavailable, KeysUnavailable])
          )
        },
        detail: {
          summary: "Change a report",
          description:
            "`version` is the one that is changed: 409 when somebody else changed it in between.",
          security
        }
      }
    )
    .delete(
      "/:reportId",
      ({ headers, params, query, run }) =>
        run(
          Schema.Void,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).ofProject(
              headers["authorization"],
              changing,
              query.projectId
            )
            yield* (yield* Reports).remove(access.projectId, params.reportId)
          }),
          204
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        response: {
          204: sent(Schema.Void),
          ...refusals,
          404: sent(ReportNotFound),
          409: sent(ReportInUse)
        },
        detail: {
          summary: "Delete a report; its runs stay",
          description: "Not one that subscriptions send.",
          security
        }
      }
    )
    .get(
      "/:reportId/versions",
      ({ headers, params, query, run }) =>
        run(
          Versions,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).ofProject(
              headers["authorization"],
              reading,
              query.projectId
            )
            const reports = yield* Reports
            return {
              versions: yield* reports.versions(access.projectId, params.reportId)
            }
          })
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        response: { 200: sent(Versions), ...refusals, 404: sent(ReportNotFound) },
        detail: { summary: "What a report said before: the newest 100", security }
      }
    )
    .post(
      "/:reportId/restore",
      ({ body, headers, params, query, run }) =>
        run(
          Report,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).ofProject(
              headers["authorization"],
              changing,
              query.projectId
            )
            return yield* (yield* Reports).restore(
              access,
              params.reportId,
              body.version
            )
          })
        ),
      {
        params: received(Params),
        query: received(ProjectQuery),
        body: received(Schema.Struct({ version: ReportVersionNumber })),
        response: {
          200: sent(Report),
          ...refusals,
          404: sent(ReportNotFound),
          409: sent(ReportChanged)
        },
        detail: { summary: "Make an older version the newest", security }
      }
    )
