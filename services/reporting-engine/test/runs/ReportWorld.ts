import { type Duration, Effect, Layer } from "effect"
import { Analytics } from "../../src/analytics/Analytics.ts"
import {
  AnalyticsRefused,
  AnalyticsUnavailable
} from "../../src/analytics/AnalyticsProblems.ts"
import type { Answer, Insight, Overrides } from "../../src/analytics/AnalyticsViews.ts"

const DAY = 86_400_000

export const watermark = "2026-11-23T12:00:00.000Z"

export const orders: Insight = {
  id: "0198c6a8-0000-7000-8000-00000000000a",
  name: "Orders",
  description: "",
  query: {
    kind: "trends",
    range: "last_7d",
    interval: "day",
    series: [{ event: "Order", measure: "total" }]
  },
  chart: { form: "line" },
  version: 1
}

type Body = Readonly<Record<string, unknown>>

/** What reports of a test are made of: answers, and who is away. */
export class ReportWorld {
  /** Every query as it was asked. */
  asked: Array<Body> = []
  overrides: Array<Overrides> = []
  isAway = false
  /** Asked so often it answers again. */
  awayFor = 0
  annotationsRefused = false
  /** Asked so often it has no place free. */
  busyFor = 0
  /** How long it takes to fail. */
  failsAfter: Duration.Input = 0
  /** Which queries are not answered. */
  isLost: (body: Body) => boolean = () => false
  watermark = watermark
  insights = new Map([[orders.id, orders]])
  warnings: ReadonlyArray<string> = []
  /** The number of each day. */
  value: (day: number) => number = (day) => 10 + day
  /** What happens meanwhile. */
  whileRendering: Effect.Effect<void> = Effect.void
  /** Held until it is let go. */
  gate: Effect.Effect<void> = Effect.void

  answer(body: Body): Answer {
    const from = Date.parse(String(body["from"]))
    const to = Date.parse(String(body["to"]))
    const days = Math.max(1, Math.round((to - from) / DAY))
    const all = Array.from({ length: days }, (_, day) => this.value(day))
    const isOne = body["interval"] === "none"
    const starts = all.map((_, day) => new Date(from + day * DAY).toISOString())
    const buckets = isOne ? starts.slice(0, 1) : starts
    const data = isOne ? [all.reduce((sum, value) => sum + value, 0)] : all
    return {
      kind: "trends",
      result: {
        buckets,
        labels: buckets.map((start) => start.slice(0, 10)),
        series: [{ name: "A", breakdown: null, other: false, data }]
      },
      meta: { asOf: String(body["asOf"]), warnings: this.warnings }
    }
  }
}

const away = new AnalyticsUnavailable({ detail: "/internal/v1/query: no answer." })
const busy = new AnalyticsUnavailable({ detail: "It answers 429.", retryAfter: 1 })
const missing = new AnalyticsRefused({
  answered: 404,
  detail: "There is no such insight"
})
const refused = new AnalyticsRefused({ answered: 422, detail: "/series: Missing key" })

export const analyticsOf = (world: ReportWorld) => {
  const there = Effect.suspend(() =>
    world.isAway || world.awayFor-- > 0 ? Effect.fail(away) : Effect.void
  )
  const insight = (id: string) =>
    Effect.andThen(
      there,
      Effect.suspend(() => {
        const found = world.insights.get(id)
        return found === undefined ? Effect.fail(missing) : Effect.succeed(found)
      })
    )
  return Layer.succeed(Analytics, {
    query: (_, body) =>
      Effect.gen(function* () {
        yield* there
        yield* world.gate
        world.asked.push({ ...body })
        if (world.busyFor-- > 0) return yield* busy
        if (world.isLost({ ...body })) {
          yield* Effect.sleep(world.failsAfter)
          return yield* away
        }
        if (!("series" in body)) return yield* refused
        return world.answer({ ...body })
      }),
    insight: (_, id) => insight(id),
    result: (_, id, overrides) =>
      Effect.map(insight(id), (found) => {
        world.overrides.push(overrides)
        return {
          insight: found,
          answer: world.answer({ ...found.query, ...overrides }),
          keptAt: null
        }
      }),
    annotations: () =>
      world.annotationsRefused ? Effect.fail(refused) : Effect.as(there, []),
    catalogue: () =>
      Effect.as(there, {
        events: [
          { event: "Order", count: 9, firstSeen: watermark, lastSeen: watermark }
        ],
        properties: [{ property: "total", count: 9, types: ["number"] }]
      }),
    quality: () =>
      Effect.as(there, {
        accounting: {
          accepted: 9,
          stored: 9,
          duplicate: 0,
          quarantined: 0,
          dropped: {},
          erased: 0,
          expired: 0,
          pending: 0,
          balanced: true
        },
        quarantine: [],
        violations: []
      }),
    project: (id) => Effect.as(there, { id, name: "Shop", timezone: "Europe/Berlin" }),
    watermark: Effect.andThen(
      there,
      Effect.sync(() => world.watermark)
    ),
    dashboards: () => Effect.die("no dashboard was expected"),
    dashboardResult: () => Effect.die("no dashboard was expected")
  })
}

/** A definition with one chart, and whatever besides. */
export const chart = (over: object = {}) => ({
  title: "Week",
  sections: [
    {
      type: "query" as const,
      title: "Orders each day",
      query: {
        kind: "trends",
        interval: "day",
        series: [{ event: "Order", measure: "total" }]
      }
    }
  ],
  ...over
})
