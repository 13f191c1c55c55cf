import { afterAll, describe, expect, it } from "bun:test"
import { documentedKinds, parseQuery } from "@analytics/analytics-core/query/Query"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { openApi } from "@analytics/api-common/OpenApi"
import { Effect, Layer, Logger, ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import { about } from "../../src/App.ts"
import { Auth } from "../../src/access/Auth.ts"
import { Queries } from "../../src/query/Queries.ts"
import { TooManyQueries } from "../../src/query/QueryProblems.ts"
import { queryRoutes } from "../../src/query/QueryRoutes.ts"
import { queryRunRoutes } from "../../src/query/QueryRunRoutes.ts"
import { QueryRuns } from "../../src/query/QueryRuns.ts"

interface Document {
  readonly paths: {
    readonly "/v1/query": {
      readonly post: {
        readonly requestBody: {
          readonly content: {
            readonly "application/json": {
              readonly examples: object
              readonly schema: { readonly oneOf: ReadonlyArray<object> }
            }
          }
        }
      }
    }
  }
}

const answer = {
  kind: "trends",
  result: { buckets: [], labels: [], series: [] },
  meta: {
    asOf: "2025-03-05T12:00:00.000Z",
    ingestLagMs: 1,
    cached: false,
    elapsedMs: 2,
    rowsRead: 3,
    warnings: [],
    definitions: "v1"
  }
}

const unused = () => Effect.die("not asked here")
const AuthStub = Layer.succeed(Auth, {
  admin: unused,
  service: unused,
  adminOrProject: unused,
  project: (header, scope) =>
    header === "Bearer secret" && scope === "query"
      ? Effect.succeed({
          _tag: "Project",
          keyId: "k",
          projectId: 7,
          scopes: ["query"],
          expiresAt: null,
          timezone: "Asia/Tokyo"
        })
      : Effect.fail(new Unauthorized({}))
})
const QueriesStub = Layer.succeed(Queries, {
  check: () => Effect.die("not asked"),
  answer: (project, body) => {
    expect(project).toEqual({ id: 7, timezone: "Asia/Tokyo", keyId: "k" })
    if (body === null) return Effect.fail(QueryInvalid.at("/kind", "Expected one"))
    return JSON.stringify(body) === "{}"
      ? Effect.fail(new TooManyQueries({ retryAfter: 2 }))
      : Effect.succeed(answer)
  },
  answerLong: unused,
  estimate: unused
})
const id = "6f2b9fd4-6c1c-4c39-93e6-0a2e0a5a3a11"
const RunsStub = Layer.succeed(QueryRuns, {
  start: () => Effect.succeed(id),
  state: (projectId) =>
    projectId === 7
      ? Effect.succeed({ running: false, text: JSON.stringify(answer) })
      : Effect.die("of another"),
  cancel: () => Effect.void
})

const runtime = ManagedRuntime.make(
  Layer.mergeAll(AuthStub, QueriesStub, RunsStub, Logger.layer([]))
)
afterAll(() => runtime.dispose())
const app = new Elysia()
  .use(openApi(about))
  .use(jsonBody())
  .use(queryRoutes(runtime))
  .use(queryRunRoutes(runtime))

const post = (body: string, key = "secret") =>
  app.handle(
    new Request("http://localhost/v1/query", {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body
    })
  )

describe("POST /v1/query", () => {
  it("answers the project of the key", async () => {
    const response = await post('{"kind":"trends"}')
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual(answer)
  })

  it("answers problems as such", async () => {
    expect((await post("{}", "write")).status).toBe(401)
    expect((await post("{")).status).toBe(400)
    const invalid = await post("")
    expect(invalid.status).toBe(422)
    expect(invalid.headers.get("content-type")).toBe("application/problem+json")
    expect(await invalid.json()).toMatchObject({ errors: [{ pointer: "/kind" }] })
    const busy = await post("{}")
    expect(busy.status).toBe(429)
    expect(busy.headers.get("retry-after")).toBe("2")
  })

  it("is accepted at once when nobody waits", async () => {
    const response = await app.handle(
      new Request("http://localhost/v1/query", {
        method: "POST",
        headers: { authorization: "Bearer secret", prefer: "wait=1, respond-async" },
        body: "{}"
      })
    )
    expect(response.status).toBe(202)
    expect(response.headers.get("location")).toBe(`/v1/queries/${id}`)
    expect(response.headers.get("preference-applied")).toBe("respond-async")
    expect(await response.json()).toEqual({ id, status: "running", elapsedMs: 0 })
    const later = await app.handle(
      new Request(`http://localhost/v1/queries/${id}`, {
        headers: { authorization: "Bearer secret" }
      })
    )
    expect(later.status).toBe(200)
    expect(later.headers.get("content-type")).toBe("application/json")
    expect(await later.json()).toEqual(answer)
  })

  it("is documented with an example of every kind that is a valid request", async () => {
    const response = await app.handle(new Request("http://localhost/openapi.json"))
    const { paths } = (await response.json()) as Document
    const media = paths["/v1/query"].post.requestBody.content["application/json"]
    expect(Object.keys(media.examples)).toEqual(documentedKinds.map(({ kind }) => kind))
    expect(media.schema.oneOf.length).toBe(documentedKinds.length)
    for (const { example } of documentedKinds)
      expect((await Effect.runPromise(parseQuery(example))).kind).toBeString()
    expect(JSON.stringify(paths)).not.toContain('"$ref"')
  })
})
