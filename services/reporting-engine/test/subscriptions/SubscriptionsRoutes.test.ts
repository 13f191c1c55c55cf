import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { Auth } from "@analytics/api-common/access/Auth"
import { KeyLookup } from "@analytics/api-common/access/KeyLookup"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { Effect, Layer, ManagedRuntime, Option, Redacted } from "effect"
import { Elysia } from "elysia"
import { ReportRepo } from "../../src/definitions/ReportRepo.ts"
import { destinationsRoutes } from "../../src/destinations/DestinationsRoutes.ts"
import { internalSubscriptionsRoutes } from "../../src/subscriptions/InternalSubscriptionsRoutes.ts"
import { subscriptionRunsRoutes } from "../../src/subscriptions/SubscriptionRunsRoutes.ts"
import { subscriptionsRoutes } from "../../src/subscriptions/SubscriptionsRoutes.ts"
import { SubscriptionWorker } from "../../src/subscriptions/SubscriptionWorker.ts"
import { owner } from "../delivery/DeliveryTest.ts"
import { definition, SubscriptionWorld, subscriptionsIn } from "./SubscriptionWorld.ts"

const world = new SubscriptionWorld()
const runtime = ManagedRuntime.make(
  Layer.merge(
    subscriptionsIn(world),
    Auth.layer.pipe(
      Layer.provide([
        Layer.succeed(KeyLookup, { byHash: () => Effect.succeed(Option.none()) }),
        AccessConfig.layerOf({
          adminKey: Redacted.make("admin-key-of-this-test"),
          serviceKey: Redacted.make("service-key-of-this-test")
        })
      ])
    )
  )
)
const app = new Elysia()
  .use(jsonBody())
  .use(destinationsRoutes(runtime))
  .use(subscriptionsRoutes(runtime))
  .use(subscriptionRunsRoutes(runtime))
  .use(internalSubscriptionsRoutes(runtime))

const ask = async (method: string, path: string, body?: unknown, key = "admin") => {
  const url = new URL(`http://localhost/${path}`)
  if (key === "admin") url.searchParams.set("projectId", "7")
  const response = await app.handle(
    new Request(url.href, {
      method,
      headers: { authorization: `Bearer ${key}-key-of-this-test` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
  )
  const text = await response.text()
  return { status: response.status, body: text === "" ? null : JSON.parse(text) }
}

let reportId: string
let target: string

beforeAll(async () => {
  const report = { name: "Orders", definition, template: null }
  reportId = await runtime.runPromise(
    Effect.flatMap(ReportRepo, (repo) => repo.insert(owner, report)).pipe(
      Effect.flatMap(Effect.fromOption),
      Effect.map(({ id }) => id)
    )
  )
  const folder = { kind: "store", name: "Lake", prefix: "weekly" }
  target = (await ask("POST", "v1/destinations", folder)).body.id
}, 60_000)
afterAll(() => runtime.dispose())

const make = async (over: object = {}) =>
  await ask("POST", "v1/subscriptions", {
    name: "Leads",
    reportId,
    destinations: [target],
    schedule: { days: ["fri", "mon"], at: "07:05" },
    ...over
  })

describe("/v1/subscriptions", () => {
  it("makes, reads, changes and deletes one", async () => {
    const { body: made, status } = await make({ timezone: "Asia/Kolkata", revise: {} })
    expect(status).toBe(201)
    expect(made).toMatchObject({
      cron: "5 7 * * 1,5",
      timezone: "Asia/Kolkata",
      formats: ["pdf"],
      waitSeconds: 21_600,
      revise: { forSeconds: 259_200, everySeconds: 3600, most: 3, tolerance: 0.01 },
      paused: false,
      scheduled: false,
      version: 1,
      createdBy: "admin"
    })
    const path = `v1/subscriptions/${made.id}`
    expect((await ask("GET", path)).body).toEqual(made)
    const changed = await ask("PATCH", path, {
      revise: null,
      schedule: { cron: "0 9 1 * *" },
      paused: true
    })
    expect(changed.body).toMatchObject({
      cron: "0 9 1 * *",
      revise: null,
      paused: true,
      version: 2
    })
    expect((await ask("GET", "v1/subscriptions?limit=1")).body).toMatchObject({
      subscriptions: [{ id: made.id }],
      nextCursor: null
    })
    expect((await ask("DELETE", `v1/destinations/${target}`)).status).toBe(409)
    expect((await ask("DELETE", path)).status).toBe(204)
    expect((await ask("GET", path)).status).toBe(404)
    expect((await ask("DELETE", path)).status).toBe(404)
  })

  it("names the field of what cannot be taken", async () => {
    const faults = await Promise.all([
      make({ schedule: { cron: "0 8 * *" } }),
      make({ timezone: "+02:00" }),
      make({ destinations: [] }),
      make({ schedule: { days: ["mon"], at: "24:00" } }),
      make({ waitSeconds: 1e9 }),
      make({ schedule: { cron: "0 8 31 2 *" } })
    ])
    expect(faults.map(({ status }) => status)).toEqual([422, 422, 422, 422, 422, 422])
    expect(faults[5]?.body.errors[0].pointer).toBe("/schedule/cron")
    expect(faults[0]?.body.errors[0].pointer).toBe("/schedule/cron")
    expect(faults[1]?.body.errors[0].pointer).toBe("/timezone")
  })

  it("sends now, lists the runs, and answers the job of the same time", async () => {
    const { body: made } = await make()
    const path = `v1/subscriptions/${made.id}`
    const scheduledFor = "1970-01-01T00:00:00.000Z"
    world.watermark = scheduledFor
    const sent = await ask("POST", `${path}/send`, { scheduledFor })
    expect(sent).toMatchObject({
      status: 202,
      body: { state: "waiting", scheduledFor }
    })
    await runtime.runPromise(Effect.flatMap(SubscriptionWorker, ({ once }) => once))
    const { body } = await ask("GET", `${path}/runs`)
    expect(body).toMatchObject({
      runs: [
        {
          id: sent.body.id,
          state: "sent",
          requestedBy: "admin",
          about: `subscription:${made.id}@${scheduledFor}`
        }
      ],
      nextCursor: null
    })
    const job = {
      projectId: 7,
      scheduledFor,
      jobId: "018f2a6c-0000-7000-8000-000000000003",
      jobRun: 1
    }
    const internal = `internal/${path}/runs`
    expect(await ask("POST", internal, job, "service")).toEqual({
      status: 200,
      body: { state: "sent", detail: null, incomplete: false, asOf: scheduledFor }
    })
    expect((await ask("POST", internal, job, "admin")).status).toBe(403)
    const early = { scheduledFor: "2100-01-01T00:00:00Z" }
    expect((await ask("POST", `${path}/send`, early)).status).toBe(422)
  })
})
