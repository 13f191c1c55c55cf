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
  answer: (project, body) => {
    expect(project).toEqual({ id: 7, timezone: "Asia/Tokyo" })
    if (body === null) return Effect.fail(QueryInvalid.at("/kind", "Expected one"))
    return JSON.stringify(body) === "{}"
      ? Effect.fail(new TooManyQueries({ retryAfter: 2 }))
      : Effect.succeed(answer)
  }
})

const runtime = ManagedRuntime.make(
  Layer.mergeAll(AuthStub, QueriesStub, Logger.layer([]))
)
afterAll(() => runtime.dispose())
const app = new Elysia().use(openApi(about)).use(jsonBody()).use(queryRoutes(runtime))

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
