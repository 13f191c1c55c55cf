import { describe, expect, it } from "bun:test"
import { hashKey } from "@analytics/api-common/BearerKey"
import { DateTime, Effect, Layer, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { Auth } from "../src/access/Auth.ts"
import { ControlUnavailable } from "../src/ControlUnavailable.ts"
import { KeyFeedRepo } from "../src/keys/KeyFeedRepo.ts"
import type { KeyUse, PublishedKey } from "../src/keys/PublishedKey.ts"
import { access, adminKey } from "./ControlTest.ts"

const at = (millis: number) => DateTime.makeUnsafe(millis)

const known: PublishedKey = {
  keyId: "5f0c1f0e-0000-4000-8000-000000000001",
  projectId: 7,
  kind: "secret",
  scopes: ["query"],
  hash: hashKey(Redacted.make("sk_known")),
  expiresAt: null,
  revokedAt: null,
  projectDeletedAt: null,
  timezone: "Europe/Berlin",
  settings: null
}

/** A store of one key, which a test may change or take away. */
const world = () => {
  const state = {
    key: known as PublishedKey,
    down: false,
    lookups: 0,
    uses: [] as Array<KeyUse>
  }
  const feed = Layer.succeed(
    KeyFeedRepo,
    KeyFeedRepo.of({
      byHash: (hash) =>
        Effect.suspend(() => {
          state.lookups++
          if (state.down) return Effect.fail(new ControlUnavailable({}))
          return Effect.succeed(
            hash === state.key.hash ? Option.some(state.key) : Option.none()
          )
        }),
      changedSince: () => Effect.die("not asked"),
      markUsed: (uses) => Effect.sync(() => void state.uses.push(...uses))
    })
  )
  const run = <A, E>(test: Effect.Effect<A, E, Auth>) =>
    Effect.runPromise(
      test.pipe(
        Effect.provide(Auth.layer.pipe(Layer.provide(Layer.merge(feed, access)))),
        Effect.provide(TestClock.layer())
      )
    )
  return { state, run }
}

const query = (key = "sk_known") =>
  Auth.use((auth) => auth.project(`Bearer ${key}`, "query"))

const statusOf = <A, E extends { readonly status: number }, R>(
  effect: Effect.Effect<A, E, R>
) =>
  Effect.match(effect, {
    onSuccess: () => 200,
    onFailure: ({ status }) => status
  })

describe("Auth.project", () => {
  it("tells the project, its time zone and what the key may do", async () => {
    expect(await world().run(query())).toEqual({
      _tag: "Project",
      keyId: known.keyId,
      projectId: 7,
      scopes: ["query"],
      expiresAt: null,
      timezone: "Europe/Berlin"
    })
  })

  it("asks the store once a second, so a revoked key ends within one", async () => {
    const { run, state } = world()
    const statuses = Effect.gen(function* () {
      const first = [yield* statusOf(query()), yield* statusOf(query())]
      state.key = { ...known, revokedAt: at(0) }
      yield* TestClock.adjust("999 millis")
      const cached = yield* statusOf(query())
      yield* TestClock.adjust("2 millis")
      return [...first, cached, yield* statusOf(query())]
    })
    expect(await run(statuses)).toEqual([200, 200, 200, 401])
    expect(state.lookups).toBe(2)
  })

  it("ends a key at the very time it expires, cached or not", async () => {
    const { run, state } = world()
    state.key = { ...known, expiresAt: at(500) }
    const statuses = Effect.gen(function* () {
      const before = yield* statusOf(query())
      yield* TestClock.adjust("500 millis")
      return [before, yield* statusOf(query())]
    })
    expect(await run(statuses)).toEqual([200, 401])
  })

  it.each([
    ["of a deleted project", { projectDeletedAt: at(0) }, 401],
    ["that writes", { kind: "write" }, 403],
    ["without the scope", { scopes: ["keys"] }, 403]
  ] as const)("refuses a key %s", async (_, change, status) => {
    const { run, state } = world()
    state.key = { ...known, ...change }
    expect(await run(statusOf(query()))).toBe(status)
  })

  it("refuses the admin key, which names no project", async () => {
    expect(await world().run(statusOf(query(adminKey)))).toBe(403)
  })

  it("is 503, never 401, while the store is away, and asks again at once", async () => {
    const { run, state } = world()
    state.down = true
    const statuses = Effect.gen(function* () {
      const away = yield* statusOf(query())
      state.down = false
      return [away, yield* statusOf(query())]
    })
    expect(await run(statuses)).toEqual([503, 200])
  })

  it("notes a use once a minute", async () => {
    const { run, state } = world()
    await run(
      Effect.gen(function* () {
        for (const pause of ["0 seconds", "59 seconds", "2 seconds"] as const) {
          yield* TestClock.adjust(pause)
          yield* query()
          yield* Effect.yieldNow
        }
      })
    )
    expect(state.uses.map((use) => DateTime.toEpochMillis(use.at))).toEqual([0, 61_000])
  })
})

describe("Auth.adminOrProject", () => {
  it("knows the administrator without asking the store", async () => {
    const { run, state } = world()
    state.down = true
    const asAdmin = Auth.use((auth) =>
      auth.adminOrProject(`Bearer ${adminKey}`, "keys")
    )
    expect(await run(asAdmin)).toEqual({ _tag: "Admin" })
  })
})
