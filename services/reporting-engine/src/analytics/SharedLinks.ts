import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Context, Effect, Layer, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { AnalyticsUnavailable } from "./AnalyticsProblems.ts"
import { InsightChart } from "./AnalyticsViews.ts"

const LONGEST = "60 seconds"

/** What `GET /v1/shared/{token}` of analytics-api answers. */
export const Shared = Schema.Struct({
  name: Schema.String,
  description: Schema.String,
  /** Numbers that fewer people stand behind are null. */
  floor: Schema.Int,
  asOf: Schema.String,
  expiresAt: Schema.String,
  tiles: Schema.Array(
    Schema.Union([
      Schema.Struct({
        type: Schema.Literal("answer"),
        name: Schema.String,
        description: Schema.String,
        chart: InsightChart,
        kind: Schema.String,
        /** IANA. */
        timezone: Schema.String,
        asked: Schema.Record(Schema.String, Schema.Unknown),
        result: Schema.Unknown
      }),
      Schema.Struct({
        type: Schema.Literal("problem"),
        name: Schema.String,
        detail: Schema.String
      }),
      Schema.Struct({ type: Schema.Literal("markdown"), markdown: Schema.String })
    ])
  )
})
export type Shared = typeof Shared.Type

/** No link, or none any more; `ended`: it was one. */
export class SharedMissing extends Schema.TaggedError<SharedMissing>()(
  "SharedMissing",
  { ended: Schema.Boolean }
) {}

/** The link is opened more often than it may be. */
export class SharedTooOften extends Schema.TaggedError<SharedTooOften>()(
  "SharedTooOften",
  { retryAfter: Schema.String }
) {}

/** As analytics-api makes them: 256 random bits. */
const TOKEN = /^sl_[\w-]{43}$/u

/** What whoever holds a share link may see. The token is in no log and no trace. */
export class SharedLinks extends Context.Service<
  SharedLinks,
  {
    open(
      token: string
    ): Effect.Effect<Shared, SharedMissing | SharedTooOften | AnalyticsUnavailable>
  }
>()("@analytics/reporting-engine/analytics/SharedLinks") {
  static readonly layer = Layer.effect(
    SharedLinks,
    Effect.gen(function* () {
      const { analyticsApiUrl } = yield* ServicesConfig
      const http = yield* HttpClient.HttpClient

      return SharedLinks.of({
        open: Effect.fn("SharedLinks.open")(function* (token) {
          if (!TOKEN.test(token)) return yield* new SharedMissing({ ended: false })
          const { headers, status, text } = yield* HttpClientRequest.get(
            `${analyticsApiUrl}/v1/shared/${token}`
          ).pipe(
            http.execute,
            Effect.flatMap((response) =>
              Effect.map(response.text, (read) => ({
                status: response.status,
                headers: response.headers,
                text: read
              }))
            ),
            Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
            Effect.timeout(LONGEST),
            Effect.mapError((error) => away(`no answer (${error._tag})`))
          )
          if (status === 404 || status === 410)
            return yield* new SharedMissing({ ended: status === 410 })
          if (status === 429)
            return yield* new SharedTooOften({
              retryAfter: headers["retry-after"] ?? "60"
            })
          if (status !== 200) return yield* away(`it answers ${status}`)
          return yield* Effect.mapError(decode(text), () =>
            away("its answer cannot be read")
          )
        })
      })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}

const decode = Schema.decodeEffect(Schema.fromJsonString(Shared))

const away = (why: string) =>
  new AnalyticsUnavailable({ detail: `/v1/shared: ${why}.` })
