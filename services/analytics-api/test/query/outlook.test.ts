import { describe, expect, it } from "bun:test"
import { parseQuery } from "@analytics/analytics-core/query/Query"
import type { Outlook } from "@analytics/analytics-core/query/trends/Outlook"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { InferenceConfig } from "@analytics/config/InferenceConfig"
import { tabular } from "@analytics/data-processing/tables/tabular"
import { ModelAccess } from "@analytics/ml-inference/access/ModelAccess"
import { Forecaster } from "@analytics/ml-inference/forecast/Forecaster"
import { forecastRoutes } from "@analytics/ml-inference/forecast/ForecastRoutes"
import { Effect, Layer, Logger, ManagedRuntime, Redacted } from "effect"
import { Elysia } from "elysia"
import * as HttpOutlookClient from "../../src/query/OutlookClient.ts"
import { OutlookClient } from "../../src/query/OutlookClient.ts"
import { outlookOf } from "../../src/query/outlookOf.ts"

const body = {
  kind: "trends",
  series: [{ event: "a", measure: "total" }],
  interval: "day",
  from: "2025-01-06T00:00:00Z",
  to: "2025-03-10T00:00:00Z"
}
const noon = Date.parse("2025-03-08T12:00:00Z")

const compiled = (request: object, watermark = noon) =>
  Effect.flatMap(parseQuery({ ...body, ...request }), (query) =>
    query.compile({
      projectId: 1,
      timezone: "UTC",
      now: watermark,
      watermark,
      hasLinks: false
    })
  )

const fault = (request: object) =>
  Effect.runPromise(Effect.flip(compiled(request))).then(({ errors }) => errors)

const planned = async (request: object, watermark = noon): Promise<Outlook> => {
  const { outlook } = await Effect.runPromise(compiled(request, watermark))
  if (!outlook) throw new Error("nothing was asked for")
  return outlook
}

describe("what is forecast", () => {
  it("begins with the first bucket that is not over, and is of whole buckets", async () => {
    const outlook = await planned({ forecast: { horizon: 3 } })
    // 6 January is the first, 8 March has only begun.
    expect(outlook).toMatchObject({ first: 0, end: 61 })
    expect(outlook.forecast?.labels).toEqual(["2025-03-08", "2025-03-09", "2025-03-10"])
    const cut = await planned(
      { from: "2025-01-06T05:00:00Z", anomalies: {} },
      Date.parse("2025-05-01T00:00:00Z")
    )
    expect(cut).toMatchObject({ first: 1, end: 63, forecast: undefined })
  })

  it("goes on along the calendar", async () => {
    const months = await planned({
      interval: "month",
      from: "2024-01-01T00:00:00Z",
      forecast: { horizon: 14 }
    })
    expect(months.forecast?.buckets).toHaveLength(14)
    expect(months.forecast?.labels.slice(-2)).toEqual(["2026-03-01", "2026-04-01"])
    const hours = await planned({
      interval: "hour",
      from: "2025-03-07T00:00:00Z",
      forecast: { horizon: 1000 }
    })
    expect(hours.forecast?.buckets).toHaveLength(1000)
  })

  it("is refused where there is no past, and where too much is asked", async () => {
    expect(await fault({ interval: "none", forecast: { horizon: 1 } })).toMatchObject([
      { pointer: "/forecast" }
    ])
    expect(await fault({ interval: "none", anomalies: {} })).toMatchObject([
      { pointer: "/anomalies" }
    ])
    expect(await fault({ forecast: { horizon: 1001 } })).toMatchObject([
      { pointer: "/forecast/horizon" }
    ])
    expect(await fault({ forecast: { horizon: 1, level: 1 } })).toMatchObject([
      { pointer: "/forecast/level" }
    ])
    expect(await fault({ anomalies: { sensitivity: 0.5 } })).toMatchObject([
      { pointer: "/anomalies/sensitivity" }
    ])
  })
})

const days = Array.from({ length: 63 }, (_, day) => ({
  bucket: new Date(Date.parse(body.from) + day * 86_400_000).toISOString(),
  count: day === 40 ? 900 : day > 61 ? 1 : (day % 7 > 4 ? 20 : 100) + (day % 3)
}))
const line = (name: string) => ({
  name,
  breakdown: null,
  other: false,
  data: days.map(({ count }) => count)
})
const resultOf = (...names: ReadonlyArray<string>) => ({
  buckets: days.map(({ bucket }) => bucket),
  labels: days.map(({ bucket }) => bucket.slice(0, 10)),
  series: names.map(line)
})

const access = AccessConfig.layerOf({
  adminKey: Redacted.make("admin"),
  serviceKey: Redacted.make("service")
})

/** A real ml-inference, as far as it forecasts, and the way to it. */
const withInference = async <A>(
  use: (client: (typeof OutlookClient)["Service"]) => Promise<A>,
  url?: string
): Promise<A> => {
  const inference = ManagedRuntime.make(
    Layer.mergeAll(
      Forecaster.layer,
      Layer.succeed(ModelAccess, {
        known: () => undefined,
        of: (authorization, _, projectId) =>
          authorization === "Bearer service" && projectId === 7
            ? Effect.succeed({ actor: "service", projectId: 7, until: 0 })
            : Effect.die("the service key and the project were expected")
      }),
      Logger.layer([])
    )
  )
  const app = new Elysia().use(forecastRoutes(inference)).listen({ port: 0 })
  const asking = ManagedRuntime.make(
    HttpOutlookClient.layer.pipe(
      Layer.provide(access),
      Layer.provide(
        InferenceConfig.layerOf({ mlInferenceUrl: url ?? `${app.server?.url}` })
      )
    )
  )
  try {
    return await use(await asking.runPromise(Effect.service(OutlookClient)))
  } finally {
    await asking.dispose()
    await app.stop(true)
    await inference.dispose()
  }
}

const said = (
  client: (typeof OutlookClient)["Service"],
  outlook: Outlook,
  result: unknown
) =>
  Effect.runPromise(
    Effect.result(outlookOf(7, outlook, result)).pipe(
      Effect.provideService(OutlookClient, client),
      Effect.provide(Logger.layer([]))
    )
  )

describe("the answer of a trend", () => {
  const asked = { forecast: { horizon: 4, level: 0.8 }, anomalies: {} }

  it(
    "has the forecast and the anomalies of every line",
    () =>
      withInference(async (client) => {
        const outlook = await planned(asked)
        const result = await said(client, outlook, resultOf("A", "B"))
        expect(result).toMatchObject({
          success: {
            warnings: [],
            result: {
              ...resultOf("A", "B"),
              forecast: {
                labels: ["2025-03-08", "2025-03-09", "2025-03-10", "2025-03-11"],
                level: 0.8,
                series: [
                  { name: "A", breakdown: null, other: false, refused: null },
                  { name: "B" }
                ]
              },
              anomalies: {
                sensitivity: 0.01,
                series: [
                  {
                    name: "A",
                    points: [{ label: "2025-02-15", kind: "high", value: 900 }]
                  },
                  { name: "B" }
                ]
              }
            }
          }
        })
        // The same question has the same answer.
        expect(await said(client, outlook, resultOf("A", "B"))).toEqual(result)
        const rows =
          result._tag === "Success"
            ? (tabular("trends", result.success.result)?.rows ?? [])
            : []
        const periods = Map.groupBy(rows, ({ period }) => String(period))
        expect([...periods].map(([period, { length }]) => [period, length])).toEqual([
          ["current", 126],
          ["forecast", 8],
          ["forecast_lower", 8],
          ["forecast_upper", 8]
        ])
        const values = periods.get("forecast")?.slice(0, 4) ?? []
        // Two days of a weekend, then two of a week; what had begun was not learnt from.
        expect(values.map(({ value }) => Number(value) > 60)).toEqual([
          false,
          false,
          true,
          true
        ])
      }),
    60_000
  )

  it(
    "is as it was, with a warning, when nobody forecasts",
    () =>
      withInference(async (client) => {
        const result = await said(client, await planned(asked), resultOf("A"))
        expect(result).toMatchObject({
          success: { result: resultOf("A"), warnings: ["forecast_unavailable"] }
        })
      }, "http://127.0.0.1:1"),
    60_000
  )

  it(
    "warns of a range that is too short, and says why there is no forecast",
    () =>
      withInference(async (client) => {
        const short = await planned(
          { to: "2025-01-08T00:00:00Z", forecast: { horizon: 2 } },
          noon
        )
        const { buckets, labels } = resultOf()
        const two = {
          buckets: buckets.slice(0, 2),
          labels: labels.slice(0, 2),
          series: [{ ...line("A"), data: [3, 4] }]
        }
        expect(await said(client, short, two)).toMatchObject({
          success: {
            warnings: ["forecast_history_short"],
            result: { forecast: { series: [{ data: [], model: null }] } }
          }
        })
      }),
    60_000
  )

  it("is refused with more lines than are forecast", async () => {
    const names = Array.from({ length: 27 }, (_, index) => `${index}`)
    const result = await withInference(async (client) =>
      said(client, await planned(asked), resultOf(...names))
    )
    expect(result).toMatchObject({ failure: { errors: [{ pointer: "/forecast" }] } })
  })
})
