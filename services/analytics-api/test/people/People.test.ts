import { afterAll, describe, expect } from "bun:test"
import { EventsResult } from "@analytics/analytics-core/query/events/EventsRequest"
import { Person } from "@analytics/analytics-core/query/people/PeopleRequest"
import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { QueryLoadConfig } from "@analytics/config/QueryLoadConfig"
import { IdHash } from "@analytics/data-processing/IdHash"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Installation } from "@analytics/database/Installation"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { testInstallation } from "@analytics/testing/testInstallation"
import {
  Duration,
  Effect,
  Layer,
  Logger,
  ManagedRuntime,
  Redacted,
  Schema
} from "effect"
import { Elysia } from "elysia"
import { Auth } from "../../src/access/Auth.ts"
import { CohortRepo } from "../../src/cohorts/CohortRepo.ts"
import { People } from "../../src/people/People.ts"
import { peopleRoutes } from "../../src/people/PeopleRoutes.ts"
import { PersonLinks } from "../../src/people/PersonLinks.ts"
import { History } from "../../src/query/History.ts"
import { Queries } from "../../src/query/Queries.ts"
import { QueryCost } from "../../src/query/QueryCost.ts"
import { QueryRepo } from "../../src/query/QueryRepo.ts"
import { Watermark } from "../../src/query/Watermark.ts"
import { noRefreshes } from "../cohorts/noRefreshes.ts"

const START = Date.UTC(2025, 2, 1)
const idHash = new IdHash(testInstallation.idHashKey)
const hash = (id: string) => idHash.id(7, id)

/** What data-ingestion was asked, and what it answers. */
const asked: Array<{ path: string; body: unknown }> = []
let says: { status: number; body: unknown } = { status: 503, body: {} }
const ingestion = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    if (request.headers.get("authorization") !== "Bearer service")
      return new Response(null, { status: 401 })
    asked.push({ path: new URL(request.url).pathname, body: await request.json() })
    return Response.json(says.body, { status: says.status })
  }
})
afterAll(() => ingestion.stop(true))

const unused = () => Effect.die("not asked here")
const stubs = Layer.mergeAll(
  Layer.succeed(Auth, {
    admin: unused,
    service: unused,
    adminOrProject: unused,
    project: (header, scope) =>
      header === "Bearer all" || (header === "Bearer query" && scope === "query")
        ? Effect.succeed({
            _tag: "Project",
            keyId: "k",
            projectId: 7,
            scopes: [],
            expiresAt: null,
            timezone: "UTC"
          })
        : Effect.fail(new Unauthorized({}))
  }),
  Layer.succeed(CohortRepo, {
    insert: unused,
    byId: unused,
    page: unused,
    update: unused,
    remove: unused,
    nextChange: unused,
    definitions: unused
  }),
  noRefreshes,
  Layer.succeed(History, { changedSince: () => Effect.succeed(false) }),
  Layer.succeed(Watermark, {
    current: Effect.succeed({
      watermark: START + 1000,
      ingestLagMs: 0,
      isStale: false
    }),
    atLeast: () =>
      Effect.succeed({ watermark: START + 1000, ingestLagMs: 0, isStale: false })
  }),
  Layer.succeed(Installation, {
    id: testInstallation.id,
    idHashKey: Redacted.make(testInstallation.idHashKey)
  }),
  QueryConfig.layerOf({
    dataIngestionUrl: ingestion.url.href,
    timeout: Duration.seconds(60),
    memoryLimit: 2_000_000_000,
    threads: 1,
    concurrency: 2
  }),
  QueryLoadConfig.layer,
  AccessConfig.layerOf({
    adminKey: Redacted.make("admin"),
    serviceKey: Redacted.make("service")
  })
)

const layer = People.layer.pipe(
  Layer.provideMerge(PersonLinks.layer),
  Layer.provide(Queries.layer),
  Layer.provide([QueryRepo.layer, QueryCost.layer]),
  Layer.provideMerge(stubs),
  Layer.provideMerge(TestClickHouse.client),
  Layer.provideMerge(Logger.layer([]))
)

const insert = Effect.fnUntraced(function* (
  table: "events" | "person_links",
  rows: ReadonlyArray<object>
) {
  const clickhouse = yield* ClickHouse
  yield* clickhouse.insert({
    table,
    format: "JSONEachRow",
    body: rows.map((row) => JSON.stringify({ project_id: 7, ...row })).join("\n"),
    settings: { insert_deduplicate: 0 }
  })
})

const event = (messageId: string, at: number, id: string, more: object = {}) => ({
  event: "v",
  type: "track",
  timestamp: START + at,
  received_at: START + at,
  known_at: START + at,
  message_id: messageId,
  id_hash: String(hash(id)),
  ...more
})

const personOf = Schema.decodeUnknownSync(Person)
const pageOf = Schema.decodeUnknownSync(EventsResult)
const messages = ({ events }: EventsResult) => events.map(({ messageId }) => messageId)

/** Asks as the holder of a key, over the same services. */
const asking = Effect.map(Effect.context<Auth | People | PersonLinks>(), (context) => {
  const runtime = ManagedRuntime.make(Layer.succeedContext(context))
  const app = new Elysia().use(jsonBody()).use(peopleRoutes(runtime))
  return (path: string, body?: object, key = "all") =>
    Effect.promise(async () => {
      const response = await app.handle(
        new Request(`http://localhost/v1/people${path}`, {
          headers: { authorization: `Bearer ${key}` },
          ...(body ? { method: "POST", body: JSON.stringify(body) } : {})
        })
      )
      return { status: response.status, body: await response.json() }
    })
})

describe("a person", () => {
  const { effect } = withLayer(layer)
  const person = String(hash("u"))

  effect("is found by any id, with traits, sources and a timeline in pages", () =>
    Effect.gen(function* () {
      const ask = yield* asking
      const both = { user_id: "u", anonymous_id: "a" }
      yield* insert("events", [
        event("m1", 1, "a", { anonymous_id: "a" }),
        event("m2", 2, "u", both),
        event("m3", 3, "u", {
          ...both,
          event: "$identify",
          type: "identify",
          props: { "address.city": '"Rome"', plan: '"pro"' }
        }),
        // A device of somebody else, and an event that nobody knows of yet.
        event("m4", 4, "u", { user_id: "u", anonymous_id: "shared" }),
        event("m5", 5, "u", { user_id: "u", known_at: START + 5000 }),
        event("n1", 1, "shared", { anonymous_id: "shared" })
      ])
      yield* insert("person_links", [
        {
          id_hash: String(hash("a")),
          person,
          known_at: START,
          version: 1
        }
      ])
      const profile = {
        personId: person,
        ids: ["a", "u"],
        traits: { address: { city: "Rome" }, plan: "pro" },
        firstSeen: "2025-03-01T00:00:00.001Z",
        lastSeen: "2025-03-01T00:00:00.004Z",
        events: 4
      }
      for (const path of ["?id=a", "?id=u", `/${person}`]) {
        const found = yield* ask(path, undefined, "query")
        expect({ path, ...found }).toMatchObject({ path, status: 200, body: profile })
        expect(personOf(found.body).traitSources).toContainEqual({
          path: "plan",
          timestamp: "2025-03-01T00:00:00.003Z",
          messageId: "m3"
        })
      }
      expect((yield* ask("?id=nobody")).status).toBe(404)
      expect((yield* ask("/12")).status).toBe(404)
      expect((yield* ask("/twelve")).status).toBe(422)
      const first = pageOf((yield* ask(`/${person}/timeline?limit=2`)).body)
      expect(messages(first)).toEqual(["m4", "m2"])
      const after = `/${person}/timeline?limit=2&cursor=${first.nextCursor}`
      const next = pageOf((yield* ask(after)).body)
      expect(messages(next)).toEqual(["m1"])
      expect(next.nextCursor).toBeNull()
    })
  )

  effect("is explained by the links of the ids, which can be undone", () =>
    Effect.gen(function* () {
      const ask = yield* asking
      const link = {
        kind: "claim",
        from: "a",
        to: "u",
        timestamp: "2025-03-01T00:00:00.002Z",
        messageId: "m2"
      }
      const known = { ...link, knownAt: "2025-03-01T00:00:00.002Z", undoneAt: null }
      says = { status: 200, body: { links: [known], truncated: false } }
      expect(yield* ask(`/${person}/links`)).toEqual({ status: 200, body: says.body })
      expect(asked.at(-1)).toEqual({
        path: "/internal/v1/links/search",
        body: { projectId: 7, id: "a" }
      })
      says = {
        status: 200,
        body: { undoneAt: "2025-03-02T00:00:00.000Z", restored: true }
      }
      expect(yield* ask("/links/undo", link)).toEqual({ status: 200, body: says.body })
      expect(asked.at(-1)).toEqual({
        path: "/internal/v1/links/undo",
        body: { projectId: 7, ...link }
      })
      expect((yield* ask("/links/undo", link, "query")).status).toBe(401)
      says = { status: 404, body: {} }
      expect((yield* ask("/links/undo", link)).status).toBe(404)
      says = { status: 503, body: {} }
      expect((yield* ask("/links/undo", link)).status).toBe(503)
      expect((yield* ask(`/${person}/links`)).status).toBe(503)
      expect((yield* ask("/1/links")).status).toBe(404)
      const before = asked.length
      for (const wrong of [{ from: "a\0" }, { to: "\0" }])
        expect((yield* ask("/links/undo", { ...link, ...wrong })).status).toBe(422)
      expect(asked.length).toBe(before)
    })
  )
})
