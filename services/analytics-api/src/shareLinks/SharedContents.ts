import { Context, Effect, Layer } from "effect"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import type { Dashboard, DashboardNotFound } from "../dashboards/Dashboard.ts"
import { insightsOf } from "../dashboards/DashboardRepo.ts"
import { Dashboards } from "../dashboards/Dashboards.ts"
import type { Insight, InsightNotFound, SavedQuery } from "../insights/Insight.ts"
import { InsightRepo } from "../insights/InsightRepo.ts"
import { Insights } from "../insights/Insights.ts"
import { overridden } from "../insights/overridden.ts"
import type { ProjectId } from "../projects/Project.ts"
import type { FixedParts, ShareLink } from "./ShareLink.ts"

/** A question as the link asks it, and where in a request for the link it was named. */
export interface SharedQuestion {
  readonly pointer: string
  readonly insight: Insight
  readonly query: SavedQuery
}

export type SharedPart =
  | SharedQuestion
  | { readonly pointer: string; readonly markdown: string }

export interface Contents {
  readonly name: string
  readonly description: string
  readonly parts: ReadonlyArray<SharedPart>
  /** The first of the tiles asked for that the dashboard does not have. */
  readonly unknown: number | undefined
}

/** What a link shows, before anything is asked. */
export class SharedContents extends Context.Service<
  SharedContents,
  {
    of(
      projectId: ProjectId,
      of: ShareLink["of"],
      fixed: FixedParts
    ): Effect.Effect<Contents, InsightNotFound | DashboardNotFound | ControlUnavailable>
  }
>()("@analytics/analytics-api/shareLinks/SharedContents") {
  static readonly layer = Layer.effect(
    SharedContents,
    Effect.gen(function* () {
      const insights = yield* Insights
      const repo = yield* InsightRepo
      const dashboards = yield* Dashboards

      return SharedContents.of({
        of: Effect.fn("SharedContents.of")(function* (projectId, of, fixed) {
          if ("insight" in of) {
            const insight = yield* insights.get(projectId, of.insight)
            const query = overridden(insight.query, said(fixed, undefined))
            const part = { pointer: "/of/insight/query", insight, query }
            const { description, name } = insight
            return { name, description, parts: [part], unknown: undefined }
          }
          const dashboard = yield* dashboards.get(projectId, of.dashboard)
          const { description, name } = dashboard
          const known = yield* repo.byIds(projectId, insightsOf(dashboard))
          const byId = new Map(known.map((insight) => [insight.id, insight]))
          const instead = said(fixed, dashboard)
          const wanted = fixed.tiles?.map((id) => id.toLowerCase())
          const parts = dashboard.tiles.flatMap((tile, index): Array<SharedPart> => {
            const pointer = `/of/dashboard/tiles/${index}`
            if (wanted !== undefined && !wanted.includes(tile.id)) return []
            if ("markdown" in tile) return [{ pointer, markdown: tile.markdown }]
            const insight = byId.get(tile.insight)
            // What a dashboard shows is not deleted; it was meanwhile taken off.
            if (insight === undefined) return []
            return [{ pointer, insight, query: overridden(insight.query, instead) }]
          })
          const ids = new Set(dashboard.tiles.map(({ id }) => id))
          const unknown = wanted?.findIndex((id) => !ids.has(id)) ?? -1
          return {
            name,
            description,
            parts,
            unknown: unknown < 0 ? undefined : unknown
          }
        })
      })
    })
  )
}

/** What the link says goes before what the dashboard says; filters all hold. */
const said = (
  { filters = [], from, range, timezone, to }: FixedParts,
  dashboard: Dashboard | undefined
) => {
  const zone = timezone ?? dashboard?.timezone ?? undefined
  return {
    ...(range !== undefined
      ? { range }
      : from !== undefined && to !== undefined
        ? { from, to }
        : rangeOf(dashboard)),
    ...(zone === undefined ? {} : { timezone: zone }),
    filters: [...filters, ...(dashboard?.filters ?? [])]
  }
}

const rangeOf = (dashboard: Dashboard | undefined) => {
  const range = dashboard?.range ?? undefined
  if (range === undefined) return {}
  return typeof range === "string" ? { range } : range
}
