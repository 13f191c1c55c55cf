import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Effect, Layer, Redacted, Schema } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientRequest,
  HttpClientResponse
} from "effect/http"
import { Analytics } from "../analytics/Analytics.ts"
import type { AnalyticsProblem } from "../analytics/AnalyticsProblems.ts"
import type { AlertDefinition } from "./AlertDefinition.ts"
import { AlertInvalid, EvidenceUnavailable } from "./AlertProblems.ts"
import { bucketsBetween } from "./alertBuckets.ts"
import { conversionOf, funnelOf, isFunnel, MOST_FUNNELS } from "./conversion.ts"
import { Evidences } from "./Evidences.ts"
import { timelineOfAlert } from "./judgeBuckets.ts"
import { queryOf, seriesOf } from "./seriesOf.ts"
import { sinceItBegan } from "./sinceItBegan.ts"

/** A question of an alert; a lease lasts longer than a few of them. */
const LONGEST_QUESTION = "60 seconds"
/** As long as ml-inference gives itself, waiting included, and a little. */
const LONGEST_ANOMALY = "32 seconds"

const Numbers = Schema.Array(Schema.NullOr(Schema.Finite))
/** What ml-inference answers, as far as it matters here. */
const AnomaliesAnswer = Schema.Struct({
  expected: Numbers,
  lower: Numbers,
  upper: Numbers,
  anomalies: Schema.Array(
    Schema.Struct({
      index: Schema.Int,
      kind: Schema.Literals(["high", "low", "missing"])
    })
  )
})

/** From analytics-api, data-ingestion and ml-inference. */
export const layer = Layer.effect(
  Evidences,
  Effect.gen(function* () {
    const analytics = yield* Analytics
    const { mlInferenceUrl, serviceKey } = yield* ServicesConfig
    const http = (yield* HttpClient.HttpClient).pipe(HttpClient.filterStatusOk)

    const asked = <A>(effect: Effect.Effect<A, AnalyticsProblem>, pointer: string) =>
      effect.pipe(
        Effect.mapError((problem) =>
          problem._tag === "AnalyticsRefused"
            ? AlertInvalid.at(pointer, problem.detail ?? "It cannot be answered")
            : new EvidenceUnavailable({ detail: problem.detail ?? "No answer" })
        ),
        Effect.timeoutOrElse({
          duration: LONGEST_QUESTION,
          orElse: () =>
            Effect.fail(
              new EvidenceUnavailable({ detail: `No answer in ${LONGEST_QUESTION}` })
            )
        })
      )

    /** The query of an alert: its own, or the insight's as it is now. */
    const questionOf = (projectId: number, { insightId, query }: AlertDefinition) =>
      insightId === null
        ? Effect.succeed(query ?? {})
        : Effect.map(
            asked(analytics.insight(projectId, insightId), "/insightId"),
            (insight) => insight.query
          )

    const ask = (projectId: number, alert: AlertDefinition, query: object) =>
      asked(
        analytics.query(projectId, query, { group: "alerts" }),
        alert.insightId === null ? "/query" : "/insightId"
      )

    const conversions = Effect.fn("Evidences.conversions")(function* (
      projectId: number,
      alert: AlertDefinition,
      question: Readonly<Record<string, unknown>>,
      from: number,
      to: number
    ) {
      const buckets = bucketsBetween(timelineOfAlert(alert), from, to)
      if (buckets.length > MOST_FUNNELS)
        return yield* AlertInvalid.at(
          "/interval",
          `A funnel is asked bucket by bucket, ${buckets.length} times here and at most ${MOST_FUNNELS}: take a longer interval, another condition or less of the past`
        )
      const found = yield* Effect.forEach(
        buckets,
        Effect.fnUntraced(function* (bucket) {
          const query = funnelOf(alert, question, bucket)
          const { meta, result } = yield* ask(projectId, alert, query)
          const value = conversionOf(alert, result)
          if (value instanceof AlertInvalid) return yield* value
          return { start: bucket.start, value, asOf: Date.parse(meta.asOf) }
        }),
        { concurrency: 4 }
      )
      return { values: found, asOf: Math.min(...found.map(({ asOf }) => asOf)) }
    })

    return Evidences.of({
      values: Effect.fn("Evidences.values")(function* (projectId, alert, from, to) {
        const question = yield* questionOf(projectId, alert)
        if (isFunnel(question))
          return yield* conversions(projectId, alert, question, from, to)
        const query = queryOf(alert, question, from, to)
        if (query instanceof AlertInvalid) return yield* query
        const { meta, result } = yield* ask(projectId, alert, query)
        const values = seriesOf(alert, query, result)
        if (values instanceof AlertInvalid) return yield* values
        return { values, asOf: Date.parse(meta.asOf) }
      }),
      anomaly: Effect.fn("Evidences.anomaly")(function* (projectId, alert, all) {
        const { condition, interval, timezone } = alert
        const values = sinceItBegan(all, interval)
        const sensitivity =
          condition.kind === "anomaly" ? condition.sensitivity : undefined
        const answer = yield* HttpClientRequest.post(`${mlInferenceUrl}/v1/anomalies`, {
          urlParams: { projectId }
        }).pipe(
          HttpClientRequest.bearerToken(Redacted.value(serviceKey)),
          HttpClientRequest.bodyJson({
            values: values.map(({ value }) => value),
            interval,
            timezone,
            // The others follow by the calendar, also where a clock moves by half an hour.
            start: new Date(values[0]?.start ?? 0).toISOString(),
            ...(sensitivity === undefined ? {} : { sensitivity })
          }),
          Effect.flatMap(http.execute),
          Effect.flatMap(HttpClientResponse.schemaBodyJson(AnomaliesAnswer)),
          Effect.timeout(LONGEST_ANOMALY),
          Effect.mapError(
            (error) =>
              new EvidenceUnavailable({
                detail: `ml-inference does not judge the series: ${error._tag}`
              })
          )
        )
        const last = values.length - 1
        return {
          kind: answer.anomalies.find(({ index }) => index === last)?.kind ?? null,
          expected: answer.expected[last] ?? null,
          lower: answer.lower[last] ?? null,
          upper: answer.upper[last] ?? null
        }
      }),
      mutedTimes: Effect.fn("Evidences.mutedTimes")(function* (projectId, from, to) {
        const found = yield* asked(
          analytics.annotations(
            projectId,
            new Date(from).toISOString(),
            new Date(to).toISOString()
          ),
          ""
        )
        return found.flatMap(({ at, mutesAlerts, text, until }) => {
          if (!mutesAlerts) return []
          const start = Date.parse(at)
          // A note of one instant mutes the bucket it lies in.
          const end = until ? Date.parse(until) : start + 1
          return [{ from: start, to: end, text }]
        })
      }),
      watermark: Effect.map(asked(analytics.watermark, ""), Date.parse),
      timezone: (projectId) =>
        Effect.map(
          asked(analytics.project(projectId), "/timezone"),
          ({ timezone }) => timezone
        )
    })
  })
).pipe(Layer.provide(FetchHttpClient.layer))
