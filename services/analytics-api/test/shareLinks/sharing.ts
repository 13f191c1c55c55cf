import { IdHash } from "@analytics/data-processing/IdHash"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { testInstallation } from "@analytics/testing/testInstallation"
import { Effect } from "effect"
import { DAY, saved, startInsights } from "../insights/insightsTest.ts"

const DAY_MS = 86_400_000

/** What somebody did, at noon so many days after the first. */
export interface Did {
  readonly user: string
  readonly event: string
  readonly day?: number
  readonly properties?: Readonly<Record<string, unknown>>
}

const idHash = new IdHash(testInstallation.idHashKey)
const START = Date.parse(`${DAY}T12:00:00Z`)
let messages = 0

export const insertEvents = Effect.fnUntraced(function* (
  projectId: number,
  events: ReadonlyArray<Did>
) {
  const rows = events.map(({ day = 0, event, properties = {}, user }) => {
    const at = START + day * DAY_MS
    return {
      project_id: projectId,
      event,
      type: "track",
      timestamp: at,
      received_at: at,
      known_at: START,
      message_id: `shared${messages++}`,
      user_id: user,
      id_hash: String(idHash.id(projectId, user)),
      props: Object.fromEntries(
        Object.entries(properties).map(([name, value]) => [name, JSON.stringify(value)])
      )
    }
  })
  yield* (yield* ClickHouse).insert({
    table: "events",
    format: "JSONEachRow",
    body: rows.map((row) => JSON.stringify(row)).join("\n")
  })
})

/** So many days from now. */
export const inDays = (days: number): string =>
  new Date(Date.now() + days * DAY_MS).toISOString()

/** The whole service, with what sharing takes. */
export const startSharing = () => {
  const { api, makeProject, runtime, stop } = startInsights()
  type Shop = Awaited<ReturnType<typeof makeProject>>
  const save = async (shop: Shop, query: object, form = "table") => {
    const body = saved(query, { chart: { form } })
    const { data, error } = await api.v1.insights.post(body, shop.own)
    if (data === null) throw new Error(JSON.stringify(error.value))
    return data.id
  }
  const arrange = async (shop: Shop, insights: ReadonlyArray<string>, fields = {}) => {
    const tiles = insights.map((insight) => ({ insight }))
    const body = { name: "Mondays", tiles, ...fields }
    const { data, error } = await api.v1.dashboards.post(body, shop.own)
    if (data === null) throw new Error(JSON.stringify(error.value))
    return data
  }
  const share = (shop: Shop, of: object, fields: object = {}) =>
    api.v1["share-links"].post({ of, expiresAt: inDays(1), ...fields }, shop.own)
  const linkTo = async (shop: Shop, of: object, fields: object = {}) => {
    const { data, error } = await share(shop, of, fields)
    if (data === null) throw new Error(JSON.stringify(error.value))
    return data
  }
  const open = (token: string) => api.v1.shared({ token }).get()
  return { api, makeProject, runtime, stop, save, arrange, share, linkTo, open }
}
