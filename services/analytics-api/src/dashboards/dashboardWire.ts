import { Schema } from "effect"
import { cursorOf, PageLimit } from "../insights/Page.ts"
import { Dashboard, DashboardId } from "./Dashboard.ts"

export const DashboardParams = Schema.Struct({ dashboardId: DashboardId })

export const DashboardPage = Schema.Struct({
  cursor: cursorOf(DashboardId),
  limit: PageLimit
})

export const DashboardList = Schema.Struct({
  dashboards: Schema.Array(Dashboard),
  nextCursor: Schema.NullOr(Schema.String)
})

export const dashboardExample = {
  name: "Shop",
  description: "What we look at on Mondays",
  range: "last_30d",
  timezone: "Europe/Berlin",
  filters: [{ property: "$country", op: "is", value: "DE" }],
  tiles: [
    { markdown: "## This week\nThe sale ends on Friday.", width: 12 },
    { markdown: "Orders are those that were paid.", width: 4 }
  ]
}
