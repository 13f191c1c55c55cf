import { Health } from "@analytics/api-common/Health"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { IngestConfig } from "@analytics/config/IngestConfig"
import { Effect, Layer, Option, Redacted } from "effect"
import type { makeApp } from "../src/App.ts"
import { ingestionLive } from "../src/IngestionLive.ts"
import { KeyFeedUnavailable } from "../src/keys/KeyFeed.ts"
import { KeyRing } from "../src/keys/KeyRing.ts"
import type { ProjectKey } from "../src/keys/ProjectKey.ts"
import { stores } from "./loader/loaderTest.ts"

export const keyOf = (projectId: number, kind: "write" | "secret"): ProjectKey => ({
  keyId: `${kind}-${projectId}`,
  projectId,
  kind,
  scopes: kind === "secret" ? ["query", "ingest:read", "keys"] : [],
  hash: "",
  expiresAt: null,
  revokedAt: null,
  projectDeletedAt: null,
  timezone: "UTC"
})

/** Tests may give a project settings, or take a key away. */
export const known = new Map<string, ProjectKey>([
  ["write1", keyOf(1, "write")],
  ["write2", keyOf(2, "write")],
  ["secret1", keyOf(1, "secret")],
  ["secret2", keyOf(2, "secret")],
  ["blind1", { ...keyOf(1, "secret"), scopes: ["query"] }]
])

/** Two projects; the key `unclear` and project 3 cannot be looked up. */
const keys = Layer.succeed(KeyRing, {
  known: (key) => known.get(key),
  find: (key) =>
    key === "unclear"
      ? Effect.fail(new KeyFeedUnavailable({ cause: "down" }))
      : Effect.succeed(Option.fromUndefinedOr(known.get(key))),
  ofProject: (id) =>
    id === 3
      ? Effect.fail(new KeyFeedUnavailable({ cause: "down" }))
      : Effect.succeed(
          Option.fromUndefinedOr(
            [...known.values()].find(({ projectId }) => projectId === id)
          )
        ),
  deletedProjects: () => new Set()
})

export const ingestConfig: IngestConfig["Service"] = {
  testMode: false,
  maxEventBytes: 32 * 1024,
  maxBatchBytes: 500 * 1024,
  maxBatchEvents: 2500,
  maxPendingBytes: 64 * 1024 * 1024,
  maxProjectPendingBytes: 24 * 1024 * 1024,
  projectEventsPerSecond: 100_000,
  maxProjectBacklog: 1_000_000
}

/** The whole service but for its keys and its socket, over real stores. */
export const ingestionWith = (config: Partial<IngestConfig["Service"]> = {}) =>
  ingestionLive.pipe(
    Layer.provideMerge(Layer.mergeAll(keys, Health.layer({}))),
    Layer.provideMerge(
      AccessConfig.layerOf({
        adminKey: Redacted.make("admin"),
        serviceKey: Redacted.make("service")
      })
    ),
    Layer.provide(IngestConfig.layerOf({ ...ingestConfig, ...config })),
    Layer.provideMerge(stores)
  )

export type App = ReturnType<typeof makeApp>

/** One request to the service, without a socket. */
export const ask = async (
  app: App,
  path: string,
  init: RequestInit & { readonly json?: unknown } = {}
) => {
  const { json, ...rest } = init
  const body = json === undefined ? rest.body : JSON.stringify(json)
  const response = await app.handle(
    new Request(`http://localhost${path}`, {
      method: body === undefined ? "GET" : "POST",
      ...rest,
      ...(body === undefined || body === null ? {} : { body })
    })
  )
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text)
  }
}

export const basic = (key: string) => ({ authorization: `Basic ${btoa(`${key}:`)}` })
export const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
