import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { makeNotes, RequestNotes } from "@analytics/api-common/RequestNotes"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { QueryLoadConfig } from "@analytics/config/QueryLoadConfig"
import { Clock, Context, Duration, Effect, Layer } from "effect"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import { InsightRepo } from "../insights/InsightRepo.ts"
import type { Asking } from "../insights/Insights.ts"
import type { ResultOverrides } from "../insights/ResultOverrides.ts"
import type { QueryProblem } from "../query/Queries.ts"
import { QueryTimedOut } from "../query/QueryProblems.ts"
import { Watermark } from "../query/Watermark.ts"
import { Results } from "../results/Results.ts"
import { canonical } from "../results/resultKey.ts"
import { singleFlight } from "../results/singleFlight.ts"
import type { Dashboard, DashboardId, DashboardNotFound } from "./Dashboard.ts"
import { insightsOf } from "./DashboardRepo.ts"
import type { DashboardResult } from "./DashboardResult.ts"
import { Dashboards } from "./Dashboards.ts"
import { tileResult } from "./tileResult.ts"

/** Tiles of one dashboard that are asked for together; the others wait their turn. */
const TILES_AT_ONCE = 4

type DashboardProblem = DashboardNotFound | ControlUnavailable | QueryProblem

/** What dashboards show: every tile as of one moment. */
export class DashboardResults extends Context.Service<
  DashboardResults,
  {
    /**
     * The answer of each tile, or why it has none. The tiles are one concurrency group and
     * have the time of one query together; who asks for the same at the same time by the
     * same key shares the answers. `patient`: nobody waits for it.
     */
    result(
      asking: Asking,
      id: DashboardId,
      overrides: ResultOverrides,
      patient: boolean
    ): Effect.Effect<DashboardResult, DashboardProblem>
  }
>()("@analytics/analytics-api/dashboards/DashboardResults") {
  static readonly layer = Layer.effect(
    DashboardResults,
    Effect.gen(function* () {
      const dashboards = yield* Dashboards
      const insights = yield* InsightRepo
      const results = yield* Results
      const watermarks = yield* Watermark
      const { timeout } = yield* QueryConfig
      const { asyncTimeout } = yield* QueryLoadConfig
      const once = singleFlight<DashboardResult, DashboardProblem>()

      const moment = Effect.fnUntraced(function* (asOf: string | undefined) {
        const asked = asOf === undefined ? undefined : Date.parse(asOf)
        const { isStale, watermark } = yield* watermarks.atLeast(asked)
        if (asked !== undefined && asked > watermark)
          return yield* QueryInvalid.at(
            "/asOf",
            `Events are stored up to ${new Date(watermark).toISOString()}`
          )
        return {
          asOf: new Date(asked ?? watermark),
          warnings: isStale ? ["watermark_stale"] : []
        }
      })

      const shown = Effect.fnUntraced(function* (
        { projectId, ...asking }: Asking,
        id: DashboardId,
        overrides: ResultOverrides,
        patient: boolean
      ) {
        const time = patient ? asyncTimeout : timeout
        const until = (yield* Clock.currentTimeMillis) + Duration.toMillis(time)
        const dashboard = yield* dashboards.get(projectId, id)
        const [{ asOf, warnings }, saved] = yield* Effect.all(
          [moment(overrides.asOf), insights.byIds(projectId, insightsOf(dashboard))],
          { concurrency: "unbounded" }
        )
        const known = new Map(saved.map((insight) => [insight.id, insight]))
        const project = { id: projectId, ...asking, group: `dashboard:${dashboard.id}` }
        const shared = {
          ...onDashboard(dashboard, overrides),
          asOf: asOf.toISOString()
        }
        const answer = Effect.fnUntraced(function* (
          body: unknown,
          { fresh }: { readonly fresh: boolean }
        ) {
          const left = until - (yield* Clock.currentTimeMillis)
          if (left <= 0) return yield* tookTooLong(time)
          return yield* results.answer(project, body, { fresh, patient }).pipe(
            Effect.timeoutOrElse({
              duration: left,
              orElse: () => Effect.fail(tookTooLong(time))
            })
          )
        })
        const notes = yield* RequestNotes
        const tiles = yield* Effect.forEach(
          dashboard.tiles,
          (tile) => {
            if ("markdown" in tile)
              return Effect.succeed([{ type: "markdown" as const, ...tile }])
            const insight = known.get(tile.insight)
            // What a dashboard shows is not deleted; it was meanwhile taken off.
            if (!insight) return Effect.succeed([])
            // Answers at the same time say each what they read.
            const own = makeNotes()
            return tileResult(tile, insight, shared, answer).pipe(
              Effect.provideService(RequestNotes, own),
              Effect.ensuring(Effect.sync(() => addUp(notes, own))),
              Effect.map((result) => [result])
            )
          },
          { concurrency: TILES_AT_ONCE }
        )
        return { dashboard, asOf, warnings, tiles: tiles.flat() }
      })

      return DashboardResults.of({
        result: Effect.fn("DashboardResults.result")(
          function* (asking, id, overrides, patient) {
            const { keyId, projectId, timezone } = asking
            const key = [
              projectId,
              keyId,
              timezone,
              id.toLowerCase(),
              patient,
              overrides
            ]
            const { facts } = yield* RequestNotes
            facts["kind"] = "dashboard"
            return yield* once(canonical(key), shown(asking, id, overrides, patient))
          }
        )
      })
    })
  )
}

const tookTooLong = (time: Duration.Duration) =>
  new QueryTimedOut({
    detail: `All tiles together may take ${Duration.format(time)}. Ask again: answers that were had are kept; else ask for a shorter range.`
  })

/** What a request says goes before what the dashboard says; filters all hold. */
const onDashboard = (
  { filters, range, timezone }: Dashboard,
  overrides: ResultOverrides
): ResultOverrides => {
  const own =
    overrides.range !== undefined || overrides.from !== undefined || range === null
      ? {}
      : typeof range === "string"
        ? { range }
        : range
  return {
    ...own,
    ...(timezone === null ? {} : { timezone }),
    ...overrides,
    filters: [...(overrides.filters ?? []), ...filters]
  }
}

/** What all tiles read together, and what the last one said of its allowance. */
const addUp = (all: RequestNotes, one: RequestNotes): void => {
  Object.assign(all.headers, one.headers)
  for (const name of ["rowsRead", "bytesRead"]) {
    const [before, read] = [all.facts[name] ?? 0, one.facts[name] ?? 0]
    if (typeof before === "number" && typeof read === "number")
      all.facts[name] = before + read
  }
}
