import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { fromAuthorization, hashKey, sameKey } from "@analytics/api-common/BearerKey"
import { RequestNotes } from "@analytics/api-common/RequestNotes"
import { AccessConfig } from "@analytics/config/AccessConfig"
import {
  Cache,
  Clock,
  Context,
  DateTime,
  Duration,
  Effect,
  Exit,
  Layer,
  Option,
  type Redacted
} from "effect"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import type { Scope } from "../keys/Key.ts"
import { KeyFeedRepo } from "../keys/KeyFeedRepo.ts"
import type { PublishedKey } from "../keys/PublishedKey.ts"
import { type Access, type ProjectAccess, requireScope, type Scopes } from "./Access.ts"

/** A revoked key works at most this much longer. */
const freshness = Duration.seconds(1)

/** How exact the last use of a key is. */
const useInterval = Duration.minutes(1)

const cachedKeys = 10_000

type Refused = Unauthorized | Forbidden | ControlUnavailable

/** Reads `Authorization` headers. A store that cannot be asked is 503, never 401. */
export class Auth extends Context.Service<
  Auth,
  {
    admin(header: string | undefined): Effect.Effect<void, Unauthorized | Forbidden>
    /** Another service of this installation. */
    service(header: string | undefined): Effect.Effect<void, Unauthorized>
    /** A secret key with one of these scopes. */
    project(
      header: string | undefined,
      ...scopes: Scopes
    ): Effect.Effect<ProjectAccess, Refused>
    /** The admin key, or a secret key, with this scope if one is named. */
    adminOrProject(
      header: string | undefined,
      scope?: Scope
    ): Effect.Effect<Access, Refused>
  }
>()("@analytics/analytics-api/access/Auth") {
  static readonly layer = Layer.effect(
    Auth,
    Effect.gen(function* () {
      const { adminKey, serviceKey } = yield* AccessConfig
      const feed = yield* KeyFeedRepo
      const keys = yield* Cache.makeWith(withoutSettings(feed.byHash), {
        capacity: cachedKeys,
        timeToLive: (exit) => (Exit.isSuccess(exit) ? freshness : Duration.zero)
      })
      const markedAt = yield* Cache.make({
        capacity: cachedKeys,
        timeToLive: useInterval,
        lookup: Effect.fnUntraced(function* (keyId: string) {
          yield* feed.markUsed([{ keyId, at: yield* DateTime.now }])
        })
      })

      /** Nobody waits for this, and nobody fails because of it. */
      const markUsed = (keyId: string) =>
        Cache.get(markedAt, keyId).pipe(Effect.ignore, Effect.forkDetach)

      const secret = Effect.fn("Auth.secret")(function* (key: Redacted.Redacted) {
        const found = yield* Cache.get(keys, hashKey(key))
        const now = yield* Clock.currentTimeMillis
        if (Option.isNone(found) || !isUsable(found.value, now))
          return yield* new Unauthorized({})
        const { expiresAt, keyId, kind, projectId, scopes, timezone } = found.value
        if (kind !== "secret")
          return yield* new Forbidden({
            detail: "A write key only sends events; use a secret key."
          })
        yield* markUsed(keyId)
        yield* Effect.annotateCurrentSpan("project.id", projectId)
        yield* known({ actor: keyId, projectId })
        return {
          _tag: "Project",
          keyId,
          projectId,
          scopes,
          expiresAt,
          timezone
        } as const
      })

      const project = Effect.fnUntraced(function* (
        header: string | undefined,
        ...scopes: ReadonlyArray<Scope>
      ) {
        const key = yield* keyIn(header)
        if (sameKey(key, adminKey))
          return yield* new Forbidden({
            detail: "The admin key names no project; use a secret key."
          })
        const access = yield* secret(key)
        const [scope, ...others] = scopes
        if (scope !== undefined) yield* requireScope(access, scope, ...others)
        return access
      })

      const admin = Effect.fnUntraced(function* (header: string | undefined) {
        const key = yield* keyIn(header)
        if (!sameKey(key, adminKey))
          return yield* new Forbidden({ detail: "Only the admin key may do this." })
        yield* known({ actor: "admin" })
      })

      return Auth.of({
        project,
        admin,
        adminOrProject: Effect.fnUntraced(function* (header, scope) {
          const key = yield* keyIn(header)
          if (!sameKey(key, adminKey))
            return yield* scope ? project(header, scope) : project(header)
          yield* known({ actor: "admin" })
          return { _tag: "Admin" }
        }),
        service: Effect.fnUntraced(function* (header) {
          const key = yield* keyIn(header)
          if (!sameKey(key, serviceKey)) return yield* new Unauthorized({})
        })
      })
    })
  )
}

/** They may be large, and matter to who receives events only. */
const withoutSettings = (byHash: KeyFeedRepo["Service"]["byHash"]) => (hash: string) =>
  Effect.map(
    byHash(hash),
    Option.map((key) => ({ ...key, settings: null }))
  )

/** Who asks is part of what is written down about a request. */
const known = (facts: Readonly<Record<string, string | number>>) =>
  Effect.map(RequestNotes, (notes) => {
    Object.assign(notes.facts, facts)
  })

const keyIn = (header: string | undefined) =>
  Effect.fromOption(fromAuthorization(header)).pipe(
    Effect.mapError(
      () => new Unauthorized({ detail: "Send `Authorization: Bearer <key>`." })
    )
  )

const isUsable = (key: PublishedKey, now: number): boolean =>
  key.projectDeletedAt === null &&
  key.revokedAt === null &&
  (key.expiresAt === null || DateTime.toEpochMillis(key.expiresAt) > now)
