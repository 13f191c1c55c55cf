import { Effect, Schedule, Schema } from "effect"
import { call, decode } from "./Http.ts"
import { ImagesFailed } from "./ImagesFailed.ts"

/** Where each service listens, by name. */
export type Urls = Readonly<Record<string, string>>

const Project = Schema.Struct({
  id: Schema.Union([Schema.String, Schema.Int]),
  writeKey: Schema.String,
  secretKey: Schema.String
})
export type Project = typeof Project.Type

const Accounting = Schema.Struct({ stored: Schema.Int, pending: Schema.Int })
const Answer = Schema.Struct({
  result: Schema.Struct({
    series: Schema.Array(Schema.Struct({ data: Schema.Array(Schema.Finite) }))
  })
})
const Job = Schema.Struct({
  id: Schema.String,
  state: Schema.String,
  error: Schema.Unknown
})
const Inference = Schema.Struct({ model_version: Schema.String })
const Forecast = Schema.Struct({
  forecast: Schema.Struct({ point: Schema.Array(Schema.Finite) })
})

const day = 86_400_000
const people = 120
const weeks = 8

/** Whoever buys in a week mostly does in the next one too; the same each time. */
const history = (now: number) => {
  let seed = 7
  const random = () => {
    seed = (seed * 1_664_525 + 1_013_904_223) >>> 0
    return seed / 2 ** 32
  }
  const begin = now - day * (weeks * 7 + 1.1)
  const events: Array<object> = []
  for (let person = 0; person < people; person++) {
    let buys = random() < 0.3
    for (let week = 0; week < weeks; week++) {
      for (const event of buys ? ["view", "buy"] : ["view"])
        events.push({
          type: "track",
          event,
          userId: `u-${person}`,
          messageId: `m-${events.length}`,
          timestamp: new Date(begin + (week + random()) * 7 * day).toISOString()
        })
      buys = random() < (buys ? 0.85 : 0.06)
    }
  }
  return events
}

export const createProject = (urls: Urls, adminKey: string) =>
  Effect.flatMap(
    call("POST", `${urls["analytics-api"]}/v1/projects`, adminKey, {
      name: "Verified"
    }),
    decode(Project, "a project")
  )

/** Events go in through one container, are stored by another and counted by a third. */
export const eventsComeOut = Effect.fn("Journey.events")(function* (
  urls: Urls,
  { secretKey, writeKey }: Project
) {
  const events = history(Date.now())
  const ingestion = urls["data-ingestion"]
  yield* call("POST", `${ingestion}/v1/batch`, writeKey, { batch: events })
  const settled = call("GET", `${ingestion}/v1/accounting`, secretKey).pipe(
    Effect.flatMap(decode(Accounting, "accounting")),
    Effect.filterOrFail(
      ({ pending, stored }) => pending === 0 && stored === events.length,
      (state) => new ImagesFailed({ message: `Not stored: ${JSON.stringify(state)}` })
    ),
    Effect.retry({ schedule: Schedule.spaced("200 millis"), times: 600 })
  )
  yield* settled
  const answer = yield* call("POST", `${urls["analytics-api"]}/v1/query`, secretKey, {
    kind: "trends",
    range: "last_90d",
    timezone: "UTC",
    interval: "none",
    series: [{ measure: "total" }]
  }).pipe(Effect.flatMap(decode(Answer, "an answer")))
  const counted = answer.result.series[0]?.data[0]
  if (counted !== events.length)
    return yield* new ImagesFailed({
      message: `${events.length} events were sent and ${counted} counted.`
    })
  return `${counted} events sent, stored and counted`
})

/** A job trains a model in a process of its own; another process answers with it. */
export const modelIsTrained = Effect.fn("Journey.model")(function* (
  urls: Urls,
  { secretKey }: Project
) {
  const jobs = `${urls["batch-processor"]}/v1/jobs`
  const job = yield* call("POST", jobs, secretKey, {
    type: "train",
    payload: {
      model: "buys",
      target: { event: "buy", days: 7 },
      features: [
        { kind: "count", event: "buy", days: 7 },
        { kind: "days_since_last", event: "buy" }
      ],
      trees: { trees: 20 }
    }
  }).pipe(Effect.flatMap(decode(Job, "a job")))
  const done = yield* call("GET", `${jobs}/${job.id}`, secretKey).pipe(
    Effect.flatMap(decode(Job, "a job")),
    Effect.filterOrFail(
      ({ state }) => state !== "queued" && state !== "running",
      ({ state }) => new ImagesFailed({ message: `The training is still ${state}.` })
    ),
    Effect.retry({ schedule: Schedule.spaced("200 millis"), times: 900 })
  )
  if (done.state !== "succeeded")
    return yield* new ImagesFailed({
      message: `The training ${done.state}: ${JSON.stringify(done.error)}`
    })
  const models = urls["ml-inference"]
  const inputs = [
    { name: "features", datatype: "FP32", shape: [1, 2], data: [null, null] }
  ]
  const { model_version } = yield* call(
    "POST",
    `${models}/v2/models/buys/infer`,
    secretKey,
    { inputs }
  ).pipe(Effect.flatMap(decode(Inference, "an inference")))
  const { forecast } = yield* call(
    "POST",
    `${models}/v1/forecast`,
    secretKey,
    forecastBody
  ).pipe(Effect.flatMap(decode(Forecast, "a forecast")))
  return `a model trained, version ${model_version} answers; ${forecast.point.length} days forecast`
})

export const forecastBody = {
  values: Array.from({ length: 70 }, (_, at) => (at % 7 > 4 ? 20 : 100) + (at % 3)),
  interval: "day",
  timezone: "Europe/Berlin",
  start: "2025-02-02T23:00:00Z",
  horizon: 7,
  levels: [0.8]
}

export const reportBody = {
  definition: {
    title: "Verified",
    range: "last_30d",
    timezone: "UTC",
    sections: [
      { type: "markdown", text: "How **buyers** did." },
      {
        type: "query",
        title: "Events each day",
        table: true,
        chart: { form: "bar" },
        query: { kind: "trends", interval: "day", series: [{ measure: "total" }] }
      }
    ]
  }
}

const signatures = { pdf: "%PDF-", png: "\u0089PNG", xlsx: "PK\u0003\u0004" }

/** A report with a chart, in the formats that native code makes. */
export const reportIsMade = Effect.fn("Journey.report")(function* (
  urls: Urls,
  { secretKey }: Project
) {
  const sizes: Array<string> = []
  for (const [format, signature] of Object.entries(signatures)) {
    const url = `${urls["reporting-engine"]}/v1/reports/preview?format=${format}`
    const bytes = yield* call("POST", url, secretKey, reportBody)
    if (!Buffer.from(bytes).toString("latin1").startsWith(signature))
      return yield* new ImagesFailed({ message: `The report is no ${format}.` })
    sizes.push(`${format} ${Math.ceil(bytes.byteLength / 1000)} kB`)
  }
  return `a report drawn: ${sizes.join(", ")}`
})
