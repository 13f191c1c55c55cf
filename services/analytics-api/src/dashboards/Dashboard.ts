import {
  commonFields,
  Instant,
  TimeZoneName
} from "@analytics/analytics-core/query/Common"
import { Filters } from "@analytics/analytics-core/query/Filter"
import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { Description, InsightId, Name, Version } from "../insights/Insight.ts"
import { withoutNul } from "../projects/Project.ts"

export const DashboardId = Schema.String.check(Schema.isUUID())
export type DashboardId = typeof DashboardId.Type

/** Of one dashboard. */
export const MAX_TILES = 50
const MAX_MARKDOWN = 20_000

/** A name, an own stretch of time, or null: each tile's own. */
export const DashboardRange = Schema.NullOr(
  Schema.Union([
    commonFields.range.schema,
    Schema.Struct({ from: Instant, to: Instant })
  ])
)
export type DashboardRange = typeof DashboardRange.Type

const Width = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 })).annotate({
  description: "Of the 12 columns of a page"
})
const Markdown = Schema.String.check(Schema.isMaxLength(MAX_MARKDOWN), withoutNul)
const TileId = Schema.String.check(Schema.isUUID())

/** A tile as it is kept: an insight, or text. */
export const Tile = Schema.Union([
  Schema.Struct({ id: TileId, insight: InsightId, width: Width }),
  Schema.Struct({ id: TileId, markdown: Markdown, width: Width })
])
export type Tile = typeof Tile.Type

/** A tile as it is sent: one without id is new. Width 6 unless said. */
const SentTile = Schema.Union([
  Schema.Struct({
    id: Schema.optionalKey(TileId),
    insight: InsightId,
    width: Schema.optionalKey(Width)
  }),
  Schema.Struct({
    id: Schema.optionalKey(TileId),
    markdown: Markdown,
    width: Schema.optionalKey(Width)
  })
])
export type SentTile = typeof SentTile.Type

const Tiles = Schema.Array(SentTile).check(
  Schema.isMaxLength(MAX_TILES),
  Schema.makeFilter((tiles) => {
    const ids = tiles.map(({ id }) => id?.toLowerCase())
    const twice = ids.findIndex((id, at) => id !== undefined && ids.indexOf(id) < at)
    return twice < 0
      ? undefined
      : { path: [twice, "id"], issue: "A tile before has this id; leave it out" }
  })
)

const parts = {
  description: Schema.optionalKey(Description),
  range: Schema.optionalKey(DashboardRange),
  timezone: Schema.optionalKey(Schema.NullOr(TimeZoneName)),
  filters: Schema.optionalKey(Filters),
  tiles: Schema.optionalKey(Tiles)
}

/** What `POST /v1/dashboards` takes. */
export const NewDashboard = Schema.Struct({ name: Name, ...parts })
export type NewDashboard = typeof NewDashboard.Type

/** What `PATCH` may change, and which version it changes. `tiles` are all of them. */
export const DashboardChange = Schema.Struct({
  version: Version,
  name: Schema.optionalKey(Name),
  ...parts
})
export type DashboardChange = typeof DashboardChange.Type

/** Range, time zone and filters that all tiles share, and the tiles in order. */
export const Layout = Schema.Struct({
  range: DashboardRange,
  timezone: Schema.NullOr(Schema.String),
  filters: Filters,
  tiles: Schema.Array(Tile)
})
export type Layout = typeof Layout.Type

export const Dashboard = Schema.Struct({
  id: DashboardId,
  version: Version,
  name: Schema.String,
  description: Schema.String,
  ...Layout.fields,
  createdBy: Schema.String.annotate({ description: "The id of a key" }),
  createdAt: Schema.DateFromString,
  updatedBy: Schema.String.annotate({ description: "The id of a key" }),
  updatedAt: Schema.DateFromString
})
export type Dashboard = typeof Dashboard.Type

/** No such dashboard of the asking project. */
export class DashboardNotFound extends HttpApiError.Problem<DashboardNotFound>()(
  "DashboardNotFound",
  {
    type: "urn:analytics:problem:dashboard-not-found",
    status: 404,
    title: "There is no such dashboard"
  },
  { dashboardId: DashboardId }
) {}

/** Somebody else changed it meanwhile. */
export class DashboardChanged extends HttpApiError.Problem<DashboardChanged>()(
  "DashboardChanged",
  {
    type: "urn:analytics:problem:dashboard-changed",
    status: 409,
    title: "The dashboard has changed; read it and change that version"
  },
  { version: Schema.Int }
) {}

/** The project has as many as one may. */
export class TooManyDashboards extends HttpApiError.Problem<TooManyDashboards>()(
  "TooManyDashboards",
  {
    type: "urn:analytics:problem:too-many-dashboards",
    status: 409,
    title: "The project has as many dashboards as one may; delete some"
  }
) {}
