import { expect, it } from "bun:test"
import { Auth } from "@analytics/api-common/access/Auth"
import { KeyLookup, type PublishedKey } from "@analytics/api-common/access/KeyLookup"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { DateTime, Effect, Layer, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import {
  ModelAccess,
  type ModelActor,
  type ModelScope
} from "../../src/access/ModelAccess.ts"

/** One key, which a test may change or take away; every look-up is counted. */
const world = () => {
  const state = {
    key: {
      keyId: "k",
      projectId: 7,
      kind: "secret",
      scopes: ["predict"],
      expiresAt: null,
      revokedAt: null,
      projectDeletedAt: null
    } as PublishedKey,
    away: false,
    lookups: 0
  }
  const keys = Layer.succeed(KeyLookup, {
    byHash: () =>
      Effect.suspend(() => {
        state.lookups++
        return state.away
          ? Effect.fail(new KeysUnavailable({}))
          : Effect.succeed(Option.some(state.key))
      })
  })
  const live = ModelAccess.layer.pipe(
    Layer.provide(Auth.layer),
    Layer.provide(keys),
    Layer.provide(
      AccessConfig.layerOf({
        adminKey: Redacted.make("admin"),
        serviceKey: Redacted.make("service")
      })
    )
  )
  const run = <A, E>(test: Effect.Effect<A, E, ModelAccess>) =>
    Effect.runPromise(
      test.pipe(Effect.provide(live), Effect.provide(TestClock.layer()))
    )
  return { state, run }
}

const shown = ({ actor, projectId, until }: ModelActor) => ({
  actor,
  projectId,
  until
})

/** As the routes ask: from memory, and else of whoever knows. */
const asked = Effect.fnUntraced(function* (
  key = "sk",
  scope: ModelScope = "predict",
  projectId?: number
) {
  const access = yield* ModelAccess
  const header = `Bearer ${key}`
  const known = access.known(header, scope, projectId)
  if (known !== undefined) return { from: "memory", ...shown(known) }
  return yield* access.of(header, scope, projectId).pipe(
    Effect.match({
      onFailure: ({ status }) => ({ from: "key", status }),
      onSuccess: (it) => ({ from: "key", ...shown(it) })
    })
  )
})

it("is remembered for a second, and no longer, after the key was looked up", () => {
  const { run, state } = world()
  return run(
    Effect.gen(function* () {
      const owner = { actor: "k", projectId: 7, until: 1000 }
      expect(yield* asked()).toEqual({ from: "key", ...owner })
      yield* TestClock.adjust("600 millis")
      expect(yield* asked()).toEqual({ from: "memory", ...owner })
      // Another question about the same key begins no second of its own.
      expect(yield* asked("sk", "predict", 7)).toEqual({ from: "key", ...owner })
      expect(state.lookups).toBe(1)
      state.key = { ...state.key, revokedAt: DateTime.makeUnsafe(0) }
      yield* TestClock.adjust("399 millis")
      expect(yield* asked()).toEqual({ from: "memory", ...owner })
      yield* TestClock.adjust("1 millis")
      expect(yield* asked()).toEqual({ from: "key", status: 401 })
      expect(yield* asked("sk", "predict", 7)).toEqual({ from: "key", status: 401 })
    })
  )
})

it("ends with the key, and remembers no refusal", () => {
  const { run, state } = world()
  return run(
    Effect.gen(function* () {
      state.key = { ...state.key, expiresAt: DateTime.makeUnsafe(300) }
      expect(yield* asked()).toMatchObject({ until: 300 })
      yield* TestClock.adjust("300 millis")
      expect(yield* asked()).toEqual({ from: "key", status: 401 })
      state.away = true
      yield* TestClock.adjust("1 second")
      expect(yield* asked()).toEqual({ from: "key", status: 503 })
      state.away = false
      state.key = { ...state.key, expiresAt: null }
      expect(yield* asked()).toMatchObject({ from: "key", projectId: 7 })
    })
  )
})

it("tells scopes and projects apart", () => {
  const { run } = world()
  return run(
    Effect.gen(function* () {
      yield* asked()
      expect(yield* asked("sk", "models")).toEqual({ from: "key", status: 403 })
      expect(yield* asked("sk", "predict", 8)).toEqual({ from: "key", status: 403 })
      expect(yield* asked("service")).toEqual({ from: "key", status: 422 })
      for (const projectId of [8, 9])
        expect(yield* asked("service", "models", projectId)).toMatchObject({
          from: "key",
          actor: "service",
          projectId
        })
      expect(yield* asked("service", "models", 8)).toMatchObject({
        from: "memory",
        projectId: 8
      })
    })
  )
})

it("lets a key that was good infer for a while when nobody can say whose it is", () => {
  const { run, state } = world()
  return run(
    Effect.gen(function* () {
      state.key = { ...state.key, scopes: ["models"] }
      yield* asked()
      yield* asked("sk", "models")
      state.away = true
      yield* TestClock.adjust("9 minutes")
      expect(yield* asked()).toMatchObject({ from: "key", projectId: 7 })
      const { lookups } = state
      yield* TestClock.adjust("4 seconds")
      expect(yield* asked()).toMatchObject({ from: "memory", projectId: 7 })
      expect(state.lookups).toBe(lookups)
      expect(yield* asked("sk", "models")).toEqual({ from: "key", status: 503 })
      expect(yield* asked("other")).toEqual({ from: "key", status: 503 })
      yield* TestClock.adjust("1 minutes")
      expect(yield* asked()).toEqual({ from: "key", status: 503 })

      state.away = false
      expect(yield* asked()).toMatchObject({ from: "key", projectId: 7 })
      state.key = { ...state.key, revokedAt: DateTime.makeUnsafe(0) }
      yield* TestClock.adjust("1 seconds")
      expect(yield* asked()).toEqual({ from: "key", status: 401 })
      state.away = true
      yield* TestClock.adjust("1 seconds")
      expect(yield* asked()).toEqual({ from: "key", status: 503 })
    })
  )
})
