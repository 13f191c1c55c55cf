import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { Auth } from "@analytics/api-common/access/Auth"
import { KeyLookup } from "@analytics/api-common/access/KeyLookup"
import { hashKey } from "@analytics/api-common/BearerKey"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { Effect, Layer, ManagedRuntime, Option, Redacted } from "effect"
import { Elysia } from "elysia"
import { alertStateRoutes } from "../../src/alerts/AlertStateRoutes.ts"
import { alertsRoutes } from "../../src/alerts/AlertsRoutes.ts"
import { Evaluator } from "../../src/alerts/Evaluator.ts"
import {
  above10,
  alertsIn,
  destination,
  forgetOthers,
  gone,
  World
} from "./AlertWorld.ts"

/** `7` is a key of project 7 that may do everything, `reader` one that only reads. */
const keys = new Map(
  [
    { key: "7", projectId: 7, scopes: ["reports"] },
    { key: "8", projectId: 8, scopes: ["reports"] },
    { key: "reader", projectId: 7, scopes: ["query"] },
    { key: "other", projectId: 7, scopes: ["models"] }
  ].map(({ key, ...rest }) => [hashKey(Redacted.make(key)), { ...rest, keyId: key }])
)
const KeysOfTest = Layer.succeed(KeyLookup, {
  byHash: (hash) =>
    Effect.succeed(
      Option.map(Option.fromUndefinedOr(keys.get(hash)), (key) => ({
        ...key,
        kind: "secret" as const,
        expiresAt: null,
        revokedAt: null,
        projectDeletedAt: null
      }))
    )
})
const Access = AccessConfig.layerOf({
  adminKey: Redacted.make("admin-key-of-this-test"),
  serviceKey: Redacted.make("service-key-of-this-test")
})

const world = new World()
const runtime = ManagedRuntime.make(
  Layer.merge(alertsIn(world), Auth.layer.pipe(Layer.provide([KeysOfTest, Access])))
)
const app = new Elysia()
  .use(jsonBody())
  .use(alertsRoutes(runtime))
  .use(alertStateRoutes(runtime))

beforeAll(() => runtime.context().then(() => {}), 60_000)
afterAll(() => runtime.dispose())

const ask = async (method: string, path: string, body?: unknown, key = "7") => {
  const response = await app.handle(
    new Request(`http://localhost/v1/alerts${path}`, {
      method,
      headers: { authorization: `Bearer ${key}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
  )
  const text = await response.text()
  return { status: response.status, body: text === "" ? null : JSON.parse(text) }
}

const make = async (over: object = {}, key = "7") => {
  const { body, status } = await ask("POST", "", { ...above10, ...over }, key)
  expect(status).toBe(201)
  return body
}

describe("an alert", () => {
  it("is made with what it would have said, read, changed and deleted", async () => {
    const { backtest, ...made } = await make()
    expect(backtest).toMatchObject({ summary: "It would not have fired.", fired: [] })
    expect(backtest.buckets.length).toBe(30)
    expect(made).toMatchObject({
      ...above10,
      projectId: 7,
      timezone: "Europe/Berlin",
      state: "ok",
      version: 1,
      tellResolved: true,
      quietHours: null,
      createdBy: "7"
    })
    expect((await ask("GET", `/${made.id}`)).body).toEqual(made)
    const changed = await ask("PATCH", `/${made.id}`, {
      interval: "day",
      quietHours: { from: "22:00", to: "07:00" },
      days: [1, 2, 3]
    })
    expect(changed.body).toMatchObject({ version: 2, interval: "day", days: [1, 2, 3] })
    const { body } = await ask("PATCH", `/${made.id}`, { quietHours: null })
    expect(body).toMatchObject({ version: 3, quietHours: null, days: [1, 2, 3] })
    expect((await ask("DELETE", `/${made.id}`)).status).toBe(204)
    expect((await ask("GET", `/${made.id}`)).status).toBe(404)
  })

  it("is listed page by page, and is nobody else's", async () => {
    await runtime.runPromise(forgetOthers)
    const made = [await make(), await make(), await make()]
    await make({}, "8")
    const first = await ask("GET", "?limit=2")
    const second = await ask("GET", `?limit=2&cursor=${first.body.nextCursor}`)
    expect([...first.body.alerts, ...second.body.alerts].map(({ id }) => id)).toEqual(
      made.map(({ id }) => id)
    )
    expect(second.body.nextCursor).toBeNull()
    for (const [method, path, body] of [
      ["GET", "", undefined],
      ["PATCH", "", { name: "mine" }],
      ["DELETE", "", undefined],
      ["POST", "/pause", undefined],
      ["POST", "/resume", undefined],
      ["POST", "/acknowledge", undefined],
      ["POST", "/mute", { until: null }],
      ["GET", "/evaluations", undefined],
      ["GET", "/notices", undefined]
    ] as const) {
      const at = `/${made[0].id}${path}`
      expect((await ask(method, at, body, "8")).status).toBe(404)
      expect((await ask(method, at, body, "other")).status).toBe(403)
      expect((await ask(method, at, body, "nobody")).status).toBe(401)
      const asReader = (await ask(method, at, body, "reader")).status
      expect(asReader).toBe(method === "GET" ? 200 : 403)
    }
    expect(
      (await ask("GET", `?projectId=7`, undefined, "service-key-of-this-test")).body
        .alerts.length
    ).toBe(3)
    expect((await ask("GET", "", undefined, "service-key-of-this-test")).status).toBe(
      422
    )
  })

  it.each([
    [{ query: undefined }, "/insightId"],
    [{ insightId: "0198c6a8-0000-7000-8000-000000000009" }, "/insightId"],
    [{ timezone: "Europe/Nowhere" }, "/timezone"],
    [{ interval: "minute" }, "/interval"],
    [
      {
        condition: {
          kind: "threshold",
          direction: "above",
          value: 1,
          buckets: 3,
          of: 2
        }
      },
      "/condition/of"
    ],
    [{ quietHours: { from: "25:00", to: "07:00" } }, "/quietHours/from"],
    [{ days: [8] }, "/days/0"],
    [{ destinations: [destination, gone] }, "/destinations/1"],
    [{ query: { kind: "trends\u0000" } }, "/query/kind"],
    [{ nonsense: 1 }, "/nonsense"]
  ])(
    "that cannot be is refused by the name of what is wrong: %j",
    async (over, pointer) => {
      const { body, status } = await ask("POST", "", { ...above10, ...over })
      expect(status).toBe(422)
      expect(body.errors[0].pointer).toBe(pointer)
    }
  )

  it("is changed to destinations that are there alone", async () => {
    const { id } = await make()
    const { body, status } = await ask("PATCH", `/${id}`, { destinations: [gone] })
    expect([status, body.errors[0].pointer]).toEqual([422, "/destinations/0"])
    expect((await ask("PATCH", `/${id}`, { destinations: [] })).status).toBe(200)
  })

  it("is not made while nobody can say what it would have said", async () => {
    world.analyticsAway = true
    expect((await ask("POST", "", above10)).status).toBe(503)
    world.analyticsAway = false
  })

  it("goes on with the open bucket after a pause", async () => {
    const { id, nextBucket } = await make()
    const paused = await ask("POST", `/${id}/pause`)
    expect(paused.body).toMatchObject({ state: "paused" })
    const look = Effect.flatMap(Evaluator, (evaluator) =>
      evaluator.look(Date.now() + 86_400_000)
    )
    await runtime.runPromise(look)
    expect((await ask("GET", `/${id}/evaluations`)).body.evaluations).toEqual([])
    const resumed = await ask("POST", `/${id}/resume`)
    expect(resumed.body).toMatchObject({ state: "ok", pausedAt: null })
    expect(Date.parse(resumed.body.nextBucket)).toBeGreaterThanOrEqual(
      Date.parse(nextBucket)
    )
  })

  it("is muted until an instant", async () => {
    const { id } = await make()
    const until = "2030-01-01T00:00:00.000Z"
    expect((await ask("POST", `/${id}/mute`, { until })).body.mutedUntil).toBe(until)
    expect(
      (await ask("POST", `/${id}/mute`, { until: null })).body.mutedUntil
    ).toBeNull()
    expect((await ask("POST", `/${id}/mute`, { until: "soon" })).status).toBe(422)
    expect((await ask("POST", `/${id}/acknowledge`)).status).toBe(409)
  })
})

describe("a back-test", () => {
  it("is answered without keeping anything, also to those who only read", async () => {
    await runtime.runPromise(forgetOthers)
    const to = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000)
    const from = new Date(to.getTime() - 10 * 3_600_000)
    world.value = () => 60
    const { body, status } = await ask(
      "POST",
      "/backtest",
      { alert: above10, from, to },
      "reader"
    )
    expect(status).toBe(200)
    expect(body.buckets.length).toBe(10)
    expect(body.fired.length).toBe(1)
    expect((await ask("GET", "")).body.alerts).toEqual([])
    world.value = () => 0
  })
})
