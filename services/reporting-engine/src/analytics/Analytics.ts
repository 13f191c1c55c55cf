import { askedAgain } from "@analytics/api-common/outgoing/askedAgain"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Context, Effect, Layer, Redacted, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import {
  type AnalyticsProblem,
  AnalyticsRefused,
  AnalyticsUnavailable
} from "./AnalyticsProblems.ts"
import {
  Annotation,
  Answer,
  Catalogue,
  DashboardList,
  DashboardResult,
  Insight,
  InsightResult,
  type Overrides,
  Project,
  Quality
} from "./AnalyticsViews.ts"
import { explained } from "./explained.ts"

/** Who shares the places of a query with whom. */
export interface AskOptions {
  /** `Concurrency-Group`: 1 to 64 of `[A-Za-z0-9_.:-]`. */
  readonly group?: string
}

/** A query that nobody waits for has ten minutes there. */
const LONGEST_ANSWER = "11 minutes"
const LONGEST_LOOK = "10 seconds"

const Watermark = Schema.Struct({ watermark: Schema.String })
const Annotations = Schema.Struct({
  annotations: Schema.Array(Annotation),
  nextCursor: Schema.NullOr(Schema.String)
})
/** A project has no more than 10,000 annotations, a hundred on a page. */
const MOST_PAGES = 100

/** analytics-api in the name of a project, and data-ingestion's watermark. */
export class Analytics extends Context.Service<
  Analytics,
  {
    /** What `POST /v1/query` answers to a body. */
    query(
      projectId: number,
      body: object,
      options?: AskOptions
    ): Effect.Effect<Answer, AnalyticsProblem>
    insight(projectId: number, id: string): Effect.Effect<Insight, AnalyticsProblem>
    result(
      projectId: number,
      insightId: string,
      overrides: Overrides,
      options?: AskOptions
    ): Effect.Effect<InsightResult, AnalyticsProblem>
    /** By name, a page; `cursor` as the page before gave it. */
    dashboards(
      projectId: number,
      cursor?: string
    ): Effect.Effect<DashboardList, AnalyticsProblem>
    /** Every tile as of one moment; `range` in place of what the dashboard says. */
    dashboardResult(
      projectId: number,
      id: string,
      overrides: Overrides
    ): Effect.Effect<DashboardResult, AnalyticsProblem>
    /** Those of `[from, to)`, ISO 8601. */
    annotations(
      projectId: number,
      from: string,
      to: string
    ): Effect.Effect<ReadonlyArray<Annotation>, AnalyticsProblem>
    catalogue(projectId: number): Effect.Effect<Catalogue, AnalyticsProblem>
    /** Of this moment: accounting has no past. */
    quality(projectId: number): Effect.Effect<Quality, AnalyticsProblem>
    project(projectId: number): Effect.Effect<Project, AnalyticsProblem>
    /** Up to which instant everything is stored: ISO 8601. */
    readonly watermark: Effect.Effect<string, AnalyticsProblem>
  }
>()("@analytics/reporting-engine/analytics/Analytics") {
  static readonly layer = Layer.effect(
    Analytics,
    Effect.gen(function* () {
      const { analyticsApiUrl, dataIngestionUrl, serviceKey } = yield* ServicesConfig
      const http = yield* HttpClient.HttpClient
      const patient = askedAgain(http)

      const ask = Effect.fnUntraced(function* <A, I>(
        request: HttpClientRequest.HttpClientRequest,
        answer: Schema.Codec<A, I>,
        longest: typeof LONGEST_ANSWER | typeof LONGEST_LOOK
      ) {
        const { headers, status, text } = yield* request.pipe(
          HttpClientRequest.bearerToken(Redacted.value(serviceKey)),
          (request.method === "GET" ? patient : http).execute,
          Effect.flatMap((response) =>
            Effect.map(response.text, (read) => ({
              status: response.status,
              headers: response.headers,
              text: read
            }))
          ),
          Effect.timeout(longest),
          Effect.mapError((error) =>
            away(
              request.url,
              error._tag === "HttpClientError" && error.response !== undefined
                ? `it answers ${error.response.status}`
                : `no answer (${error._tag})`
            )
          )
        )
        if (status === 429)
          return yield* away(
            request.url,
            `it answers ${status}`,
            secondsOf(headers["retry-after"])
          )
        if (status === 408)
          return yield* away(request.url, `it answers 408: ${yield* explained(text)}`)
        if (status === 401 || status >= 500)
          return yield* away(request.url, `it answers ${status}`)
        if (status >= 400)
          return yield* new AnalyticsRefused({
            answered: status,
            detail: yield* explained(text)
          })
        return yield* Effect.mapError(
          Schema.decodeEffect(Schema.fromJsonString(answer))(text),
          () => away(request.url, "its answer cannot be read")
        )
      })

      const at = (projectId: number, path: string) =>
        `${analyticsApiUrl}/internal/v1/${path}${path.includes("?") ? "&" : "?"}projectId=${projectId}`
      const look = <A, I>(
        projectId: number,
        path: string,
        answer: Schema.Codec<A, I>
      ) => ask(HttpClientRequest.get(at(projectId, path)), answer, LONGEST_LOOK)
      const post = <A, I>(
        projectId: number,
        path: string,
        body: object,
        { group }: AskOptions,
        answer: Schema.Codec<A, I>
      ) =>
        ask(
          HttpClientRequest.post(at(projectId, path)).pipe(
            HttpClientRequest.bodyText(JSON.stringify(body), "application/json"),
            HttpClientRequest.setHeaders(
              group === undefined ? {} : { "concurrency-group": group }
            )
          ),
          answer,
          LONGEST_ANSWER
        )

      return Analytics.of({
        query: Effect.fn("Analytics.query")((projectId, body, options = {}) =>
          post(projectId, "query", body, options, Answer)
        ),
        insight: Effect.fn("Analytics.insight")((projectId, id) =>
          look(projectId, `insights/${encodeURIComponent(id)}`, Insight)
        ),
        result: Effect.fn("Analytics.result")(
          (projectId, id, overrides, options = {}) =>
            post(
              projectId,
              `insights/${encodeURIComponent(id)}/result`,
              overrides,
              options,
              InsightResult
            )
        ),
        dashboards: Effect.fn("Analytics.dashboards")((projectId, cursor) =>
          look(
            projectId,
            cursor === undefined
              ? "dashboards"
              : `dashboards?cursor=${encodeURIComponent(cursor)}`,
            DashboardList
          )
        ),
        dashboardResult: Effect.fn("Analytics.dashboardResult")(
          (projectId, id, overrides) =>
            post(
              projectId,
              `dashboards/${encodeURIComponent(id)}/result`,
              overrides,
              {},
              DashboardResult
            )
        ),
        annotations: Effect.fn("Analytics.annotations")(
          function* (projectId, from, to) {
            const range = `from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}`
            const found: Array<Annotation> = []
            let after = ""
            for (let page = 0; page < MOST_PAGES; page++) {
              const path = `annotations?${range}${after}`
              const { annotations, nextCursor } = yield* look(
                projectId,
                path,
                Annotations
              )
              found.push(...annotations)
              if (nextCursor === null) break
              after = `&cursor=${encodeURIComponent(nextCursor)}`
            }
            return found
          }
        ),
        catalogue: Effect.fn("Analytics.catalogue")((projectId) =>
          look(projectId, "catalogue", Catalogue)
        ),
        quality: Effect.fn("Analytics.quality")((projectId) =>
          ask(
            HttpClientRequest.get(
              `${dataIngestionUrl}/internal/v1/quality?projectId=${projectId}`
            ),
            Quality,
            LONGEST_LOOK
          )
        ),
        project: Effect.fn("Analytics.project")((projectId) =>
          ask(
            HttpClientRequest.get(
              `${analyticsApiUrl}/internal/v1/projects/${projectId}`
            ),
            Project,
            LONGEST_LOOK
          )
        ),
        watermark: ask(
          HttpClientRequest.get(`${dataIngestionUrl}/internal/v1/watermark`),
          Watermark,
          LONGEST_LOOK
        ).pipe(
          Effect.map(({ watermark }) => watermark),
          Effect.withSpan("Analytics.watermark")
        )
      })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}

/** `Retry-After`; a date says no less than a second. */
const secondsOf = (header: string | undefined): number =>
  /^[1-9]\d{0,3}$/u.test(header ?? "") ? Number(header) : 1

const away = (url: string, why: string, retryAfter?: number) =>
  new AnalyticsUnavailable({
    detail: `${new URL(url).pathname}: ${why.replace(/\.$/u, "")}.`,
    ...(retryAfter === undefined ? {} : { retryAfter })
  })
