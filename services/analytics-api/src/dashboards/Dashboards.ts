import { decodeStrictly } from "@analytics/analytics-core/query/decodeStrictly"
import { conditionsIn } from "@analytics/analytics-core/query/Filter"
import { nestsDeeperThan } from "@analytics/analytics-core/query/nesting"
import { patternsIn } from "@analytics/analytics-core/query/Query"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Context, Effect, Layer, Option, Predicate } from "effect"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import { InsightRepo } from "../insights/InsightRepo.ts"
import type { Keeping } from "../insights/Insights.ts"
import { type Page, pageOf } from "../insights/Page.ts"
import type { ProjectId } from "../projects/Project.ts"
import type { QueryProblem } from "../query/Queries.ts"
import { QueryRepo } from "../query/QueryRepo.ts"
import { requirePatterns } from "../query/requirePatterns.ts"
import {
  type Dashboard,
  DashboardChange,
  DashboardChanged,
  type DashboardId,
  DashboardNotFound,
  type Layout,
  NewDashboard,
  type SentTile,
  type Tile,
  TooManyDashboards
} from "./Dashboard.ts"
import { DashboardRepo, insightsOf, MAX_DASHBOARDS } from "./DashboardRepo.ts"

type Missing = DashboardNotFound | ControlUnavailable

/** Of range, filters and tiles together, as JSON. */
export const MAX_LAYOUT_BYTES = 200_000
const MAX_NESTING = 100
const MAX_CONDITIONS = 200
const WIDTH = 6

/** The rules about dashboards of a project. Filters are read as those of queries are. */
export class Dashboards extends Context.Service<
  Dashboards,
  {
    create(
      asking: Keeping,
      body: unknown
    ): Effect.Effect<Dashboard, TooManyDashboards | QueryProblem>
    get(projectId: ProjectId, id: DashboardId): Effect.Effect<Dashboard, Missing>
    list(
      projectId: ProjectId,
      page: { readonly after: DashboardId | undefined; readonly limit: number }
    ): Effect.Effect<Page<Dashboard, DashboardId>, ControlUnavailable>
    /** The next version of the one that is named, which must be the newest. */
    change(
      asking: Keeping,
      id: DashboardId,
      body: unknown
    ): Effect.Effect<Dashboard, Missing | DashboardChanged | QueryProblem>
    remove(projectId: ProjectId, id: DashboardId): Effect.Effect<void, Missing>
  }
>()("@analytics/analytics-api/dashboards/Dashboards") {
  static readonly layer = Layer.effect(
    Dashboards,
    Effect.gen(function* () {
      const repo = yield* DashboardRepo
      const insights = yield* InsightRepo
      const queries = yield* QueryRepo

      const get = Effect.fn("Dashboards.get")(function* (
        projectId: ProjectId,
        id: DashboardId
      ) {
        return yield* Effect.fromOption(yield* repo.byId(projectId, id)).pipe(
          Effect.mapError(() => new DashboardNotFound({ dashboardId: id }))
        )
      })

      /** What the schema cannot tell. */
      const check = Effect.fnUntraced(function* (layout: Layout) {
        const { filters, range } = layout
        if (Predicate.isObject(range) && Date.parse(range.from) >= Date.parse(range.to))
          return yield* QueryInvalid.at("/range/to", "to must lie after from")
        if (conditionsIn(filters) > MAX_CONDITIONS)
          return yield* QueryInvalid.at(
            "/filters",
            `At most ${MAX_CONDITIONS} conditions in all filters`
          )
        if (Buffer.byteLength(JSON.stringify(layout)) > MAX_LAYOUT_BYTES)
          return yield* QueryInvalid.at(
            "",
            `At most ${MAX_LAYOUT_BYTES} bytes of JSON; write shorter texts`
          )
        yield* requirePatterns(queries, patternsIn(filters, "/filters"))
      })

      /** Names the tiles whose insights there are not. */
      const unknown = Effect.fnUntraced(function* (
        projectId: ProjectId,
        layout: Layout
      ) {
        const known = yield* insights.byIds(projectId, insightsOf(layout))
        const ids = new Set(known.map(({ id }) => id))
        const errors = layout.tiles.flatMap((tile, at) =>
          "insight" in tile && !ids.has(tile.insight)
            ? [
                {
                  pointer: `/tiles/${at}/insight`,
                  detail: "The project has no such insight"
                }
              ]
            : []
        )
        return yield* new QueryInvalid({ errors })
      })

      const changedMeanwhile = (version: number) =>
        new DashboardChanged({ version, detail: `Its newest version is ${version}.` })

      return Dashboards.of({
        get,
        create: Effect.fn("Dashboards.create")(function* ({ keyId, projectId }, body) {
          yield* requireShallow(body)
          const { description = "", name, ...sent } = yield* decodeNew(body)
          const layout = {
            range: sent.range ?? null,
            timezone: sent.timezone ?? null,
            filters: sent.filters ?? [],
            tiles: (sent.tiles ?? []).map(tileOf)
          }
          yield* check(layout)
          const made = yield* repo
            .insert(projectId, { name, description, layout }, keyId)
            .pipe(Effect.catchTag("UnknownInsight", () => unknown(projectId, layout)))
          return yield* Effect.fromOption(made).pipe(
            Effect.mapError(
              () =>
                new TooManyDashboards({
                  detail: `A project has at most ${MAX_DASHBOARDS} dashboards.`
                })
            )
          )
        }),
        list: Effect.fn("Dashboards.list")(function* (projectId, { after, limit }) {
          const rows = yield* repo.page(projectId, after, limit + 1)
          return pageOf(rows, limit, ({ id }) => id)
        }),
        change: Effect.fn("Dashboards.change")(function* (
          { keyId, projectId },
          id,
          body
        ) {
          yield* requireShallow(body)
          const { version, ...sent } = yield* decodeChange(body)
          const old = yield* get(projectId, id)
          if (old.version !== version) return yield* changedMeanwhile(old.version)
          const layout = {
            range: sent.range === undefined ? old.range : sent.range,
            timezone: sent.timezone === undefined ? old.timezone : sent.timezone,
            filters: sent.filters ?? old.filters,
            tiles: sent.tiles?.map(tileOf) ?? old.tiles
          }
          // A name can be changed while the event store is away.
          if (Object.keys(layout).some((part) => part in sent)) yield* check(layout)
          const { description = old.description, name = old.name } = sent
          const made = yield* repo
            .update(projectId, id, version, { name, description, layout }, keyId)
            .pipe(Effect.catchTag("UnknownInsight", () => unknown(projectId, layout)))
          if (Option.isSome(made)) return made.value
          return yield* changedMeanwhile((yield* get(projectId, id)).version)
        }),
        remove: Effect.fn("Dashboards.remove")(function* (projectId, id) {
          if (!(yield* repo.remove(projectId, id)))
            return yield* new DashboardNotFound({ dashboardId: id })
        })
      })
    })
  )
}

const decodeNew = decodeStrictly(NewDashboard)
const decodeChange = decodeStrictly(DashboardChange)

/** A tile that is new gets an id. Ids are compared as they are written. */
const tileOf = (tile: SentTile): Tile => ({
  width: WIDTH,
  ...tile,
  ...("insight" in tile ? { insight: tile.insight.toLowerCase() } : {}),
  id: tile.id?.toLowerCase() ?? Bun.randomUUIDv7()
})

const requireShallow = (body: unknown): Effect.Effect<void, QueryInvalid> =>
  nestsDeeperThan(body, MAX_NESTING)
    ? Effect.fail(
        QueryInvalid.at("", `At most ${MAX_NESTING} levels of arrays and objects`)
      )
    : Effect.void
