import { afterAll, beforeEach, expect, it } from "bun:test"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Effect, Layer, Redacted } from "effect"
import { ModelsClient } from "../../src/types/models/ModelsClient.ts"

/** What the next requests are answered with, one after the other; the last one stays. */
let answers: Array<() => Response> = []
const asked: Array<string> = []

const server = Bun.serve({
  port: 0,
  fetch: (request) => {
    const { pathname, search } = new URL(request.url)
    asked.push(`${request.method} ${pathname}${search}`)
    if (request.headers.get("authorization") !== "Bearer service")
      return new Response("no", { status: 403 })
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    return answer?.() ?? new Response("nothing more", { status: 500 })
  }
})
afterAll(() => server.stop(true))
beforeEach(() => {
  asked.length = 0
})

const url = server.url.href.replace(/\/$/u, "")
const live = ModelsClient.layer.pipe(
  Layer.provide(
    ServicesConfig.layerOf({
      analyticsApiUrl: url,
      dataIngestionUrl: url,
      mlInferenceUrl: url,
      serviceKey: Redacted.make("service")
    })
  )
)

const using = <A, E>(use: (client: ModelsClient["Service"]) => Effect.Effect<A, E>) =>
  Effect.runPromise(Effect.flatMap(ModelsClient, use).pipe(Effect.provide(live)))

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  () =>
    Response.json(body, { status, headers })

const version = (number: number) => ({ version: number, lineage: { job: `${number}` } })

it("waits while it is asked to, and reads all pages", async () => {
  answers = [
    json({}, 429, { "retry-after": "0.1" }),
    json({ versions: [version(3), version(2)], nextCursor: "2" }),
    json({}, 503, { "retry-after": "0.1" }),
    json({ versions: [version(1)], nextCursor: null })
  ]
  const found = await using((client) => client.versions(7, "churn"))
  expect(found.map((it) => it.version)).toEqual([3, 2, 1])
  const path = "GET /v1/models/churn/versions"
  expect(asked).toEqual([
    `${path}?projectId=7`,
    `${path}?projectId=7`,
    `${path}?cursor=2&projectId=7`,
    `${path}?cursor=2&projectId=7`
  ])
})

it("knows no versions of a model that is not there", async () => {
  answers = [json({ type: "urn:analytics:problem:model-not-found" }, 404)]
  expect(await using((client) => client.versions(7, "churn"))).toEqual([])
  expect(await using((client) => client.model(7, "churn"))).toBeUndefined()
})

it.each([
  ["alias-moved", "false"],
  ["version-not-ready", "JobUnavailable"],
  ["model-conflict", "JobFailed"]
])("tells what a refused promotion means: %s", async (type, meant) => {
  answers = [json({ type: `urn:analytics:problem:${type}` }, 409)]
  const said = await using((client) =>
    client.setChampion(7, "churn", 2, 1).pipe(
      Effect.map(String),
      Effect.catch((error) => Effect.succeed(error._tag))
    )
  )
  expect(said).toBe(meant)
})

it.each([
  ["nobody knows whether it was made", 503, "JobUnavailable"],
  ["another attempt made it", 409, "JobUnavailable"],
  ["it is refused", 422, "JobFailed"]
])("asks for a version once: %s", async (_, status, tag) => {
  answers = [json({}, status)]
  const failure = await using((client) =>
    Effect.flip(
      client.createVersion(7, "churn", {
        artifact: "",
        golden: { inputs: [], outputs: [], tolerance: 0 },
        lineage: {},
        metrics: {},
        reference: {}
      })
    )
  )
  expect<string>(failure._tag).toBe(tag)
  expect(asked).toEqual(["POST /v1/models/churn/versions?projectId=7"])
})
