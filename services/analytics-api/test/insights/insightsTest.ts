import { Health } from "@analytics/api-common/Health"
import { IdHash } from "@analytics/data-processing/IdHash"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Installation } from "@analytics/database/Installation"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { testInstallation } from "@analytics/testing/testInstallation"
import { treaty } from "@elysiajs/eden"
import { ConfigProvider, Effect, Layer, Logger, ManagedRuntime } from "effect"
import { type App, makeApp } from "../../src/App.ts"
import { ControlLive } from "../../src/ControlLive.ts"
import { CatalogueRepo } from "../../src/catalogue/CatalogueRepo.ts"
import { Forgetting } from "../../src/catalogue/Forgetting.ts"
import { CohortsLive } from "../../src/cohorts/CohortsLive.ts"
import { InsightsLive } from "../../src/insights/InsightsLive.ts"
import type { Scope } from "../../src/keys/Key.ts"
import { PeopleLive } from "../../src/people/PeopleLive.ts"
import { QueriesLive } from "../../src/query/QueriesLive.ts"
import { access, adminKey, bearer, serviceKey } from "../ControlTest.ts"

/** The day of all events, and the watermark after it. */
export const DAY = "2025-03-01"
export const watermark = Date.UTC(2025, 2, 3)

/** What analytics-api asks of data-ingestion, answered at once. */
const startIngestion = () =>
  Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) =>
      Response.json(
        url.includes("/watermark")
          ? {
              watermark: new Date(watermark).toISOString(),
              ingestLagMs: 0,
              removing: []
            }
          : { changedAt: null }
      )
  })

const stores = Installation.layer.pipe(
  Layer.provideMerge(Layer.merge(TestPostgres.client, TestClickHouse.client))
)
const live = (ingestion: URL) =>
  Layer.mergeAll(
    ControlLive,
    Layer.merge(PeopleLive, InsightsLive).pipe(
      Layer.provideMerge(QueriesLive),
      Layer.provide(ControlLive)
    ),
    CohortsLive,
    CatalogueRepo.layer,
    Layer.succeed(Forgetting, { forget: () => Effect.die("nothing is forgotten") }),
    Health.layer({})
  ).pipe(
    Layer.provide(access),
    Layer.provideMerge(stores),
    Layer.provide(
      ConfigProvider.layer(
        ConfigProvider.fromUnknown({ DATA_INGESTION_URL: ingestion.href })
      )
    ),
    Layer.provideMerge(Logger.layer([]))
  )

export const service = bearer(serviceKey)
export const unknownId = "018f2a6c-0000-7000-8000-00000000dead"

/** The whole service on stores of its own, but for the other services. */
export const startInsights = () => {
  const ingestion = startIngestion()
  const runtime = ManagedRuntime.make(live(ingestion.url))
  const api = treaty<App>(makeApp(runtime), { parseDate: false })
  const makeProject = async (timezone = "UTC") => {
    const { data } = await api.v1.projects.post(
      { name: "Shop", timezone },
      bearer(adminKey)
    )
    if (data === null) throw new Error("no project")
    const keyWith = async (scope: Scope) => {
      const made = await api.v1
        .projects({ projectId: String(data.id) })
        .keys.post({ kind: "secret", scopes: [scope] }, bearer(adminKey))
      return bearer(made.data?.key ?? "")
    }
    return {
      id: data.id,
      own: bearer(data.secretKey),
      write: bearer(data.writeKey),
      keyWith
    }
  }
  return {
    api,
    runtime,
    makeProject,
    stop: async () => {
      await runtime.dispose()
      await ingestion.stop(true)
    }
  }
}

const idHash = new IdHash(testInstallation.idHashKey)
let messages = 0

/** Orders of these people on that day; `plan` is a property of each. */
export const insertOrders = Effect.fnUntraced(function* (
  projectId: number,
  orders: ReadonlyArray<{ readonly user: string; readonly plan: string }>
) {
  const at = Date.parse(`${DAY}T12:00:00Z`)
  const rows = orders.map(({ plan, user }) => ({
    project_id: projectId,
    event: "Ordered",
    type: "track",
    timestamp: at,
    received_at: at,
    known_at: at,
    message_id: `m${messages++}`,
    user_id: user,
    id_hash: String(idHash.id(projectId, user)),
    props: { plan: JSON.stringify(plan) }
  }))
  yield* (yield* ClickHouse).insert({
    table: "events",
    format: "JSONEachRow",
    body: rows.map((row) => JSON.stringify(row)).join("\n")
  })
})

/** Counts orders, of that day unless said. */
export const counting = (fields: object = {}) => ({
  kind: "trends",
  from: `${DAY}T00:00:00Z`,
  to: "2025-03-02T00:00:00Z",
  interval: "none",
  series: [{ event: "Ordered", measure: "total" }],
  ...fields
})

export const saved = (query: object = counting(), fields: object = {}) => ({
  name: "Orders",
  query,
  chart: { form: "number" },
  ...fields
})
