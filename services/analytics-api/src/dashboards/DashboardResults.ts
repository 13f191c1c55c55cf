import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import * as Problem from "@analytics/api-common/Problem"
import { makeNotes, RequestNotes } from "@analytics/api-common/RequestNotes"
import { Context, Effect, Layer, Struct } from "effect"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import type { Insight } from "../insights/Insight.ts"
import { InsightRepo } from "../insights/InsightRepo.ts"
import type { Asking } from "../insights/Insights.ts"
import { notTaken, overridden, type QueryOverrides } from "../insights/overridden.ts"
import type { ResultOverrides } from "../insights/ResultOverrides.ts"
import type { QueryProblem } from "../query/Queries.ts"
import { Watermark } from "../query/Watermark.ts"
import { Results } from "../results/Results.ts"
import type { Dashboard, DashboardId, DashboardNotFound, Tile } from "./Dashboard.ts"
import { insightsOf } from "./DashboardRepo.ts"
import type { DashboardResult, TileResult } from "./DashboardResult.ts"
import { Dashboards } from "./Dashboards.ts"

/** Tiles of one dashboard that are asked for together; the others wait their turn. */
const TILES_AT_ONCE = 4

/** What dashboards show: every tile as of one moment. */
export class DashboardResults extends Context.Service<
  DashboardResults,
  {
    /**
     * The answer of each tile, or why it has none. The tiles are one concurrency group.
     * `patient`: nobody waits for it.
     */
    result(
      asking: Asking,
      id: DashboardId,
      overrides: ResultOverrides,
      patient: boolean
    ): Effect.Effect<
      DashboardResult,
      DashboardNotFound | ControlUnavailable | QueryProblem
    >
  }
>()("@analytics/analytics-api/dashboards/DashboardResults") {
  static readonly layer = Layer.effect(
    DashboardResults,
    Effect.gen(function* () {
      const dashboards = yield* Dashboards
      const insights = yield* InsightRepo
      const results = yield* Results
      const watermarks = yield* Watermark

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

      const answered = Effect.fn("DashboardResults.tile")(function* (
        project: Parameters<Results["Service"]["answer"]>[0],
        tile: Tile,
        insight: Insight,
        { fresh = false, ...overrides }: ResultOverrides,
        patient: boolean
      ): Effect.fn.Return<TileResult> {
        const { id, width } = tile
        const ignored = notTaken(insight.query, overrides)
        const taken: QueryOverrides = Struct.omit(overrides, [...ignored])
        const refused = (problem: Problem.Problem): TileResult => ({
          type: "problem",
          id,
          width,
          insight,
          problem
        })
        const instance = `/v1/insights/${insight.id}/result`
        return yield* results
          .answer(project, overridden(insight.query, taken), { fresh, patient })
          .pipe(
            Effect.map(
              (result): TileResult => ({
                type: "answer",
                id,
                width,
                insight,
                ...result,
                ignored
              })
            ),
            Effect.catch((error) =>
              Effect.succeed(refused(Problem.fromError(error, instance)))
            ),
            Effect.catchDefect((defect) =>
              Effect.logError("a tile died", defect).pipe(
                Effect.annotateLogs({ insight: insight.id }),
                Effect.as(refused(Problem.unexpected(instance)))
              )
            )
          )
      })

      return DashboardResults.of({
        result: Effect.fn("DashboardResults.result")(function* (
          { projectId, ...asking },
          id,
          overrides,
          patient
        ) {
          const dashboard = yield* dashboards.get(projectId, id)
          const [{ asOf, warnings }, shown] = yield* Effect.all(
            [moment(overrides.asOf), insights.byIds(projectId, insightsOf(dashboard))],
            { concurrency: "unbounded" }
          )
          const known = new Map(shown.map((insight) => [insight.id, insight]))
          const project = { id: projectId, ...asking, group: `dashboard:${id}` }
          const shared = {
            ...onDashboard(dashboard, overrides),
            asOf: asOf.toISOString()
          }
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
              return answered(project, tile, insight, shared, patient).pipe(
                Effect.provideService(RequestNotes, own),
                Effect.ensuring(Effect.sync(() => addUp(notes, own))),
                Effect.map((result) => [result])
              )
            },
            { concurrency: TILES_AT_ONCE }
          )
          notes.facts["kind"] = "dashboard"
          return { dashboard, asOf, warnings, tiles: tiles.flat() }
        })
      })
    })
  )
}

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
