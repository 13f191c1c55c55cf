import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { fromAuthorization, hashKey, sameKey } from "@analytics/api-common/BearerKey"
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
import type { JobsUnavailable } from "../JobsUnavailable.ts"
import { KeyLookup, type PublishedKey } from "./KeyLookup.ts"

/** A revoked key works at most this much longer. */
const freshness = Duration.seconds(1)
const cachedKeys = 1000

/** What a secret key may do here: read jobs with either, start and end them with `jobs`. */
export type Scope = "jobs" | "query"

/** Who asks: the administrator (null: no project), or the holder of a secret key. */
export interface Access {
  /** The key's id, or `admin`: who a job was created by. */
  readonly actor: string
  readonly projectId: number | null
}

type Refused = Unauthorized | Forbidden | JobsUnavailable

/** Reads `Authorization` headers. Keys that cannot be looked up are 503, never 401. */
export class Auth extends Context.Service<
  Auth,
  {
    /** The admin key, or a secret key that has one of these scopes. */
    adminOrProject(
      header: string | undefined,
      scopes: readonly [Scope, ...ReadonlyArray<Scope>]
    ): Effect.Effect<Access, Refused>
  }
>()("@analytics/batch-processor/access/Auth") {
  static readonly layer = Layer.effect(
    Auth,
    Effect.gen(function* () {
      const { adminKey } = yield* AccessConfig
      const { byHash } = yield* KeyLookup
      const keys = yield* Cache.makeWith(byHash, {
        capacity: cachedKeys,
        timeToLive: (exit) => (Exit.isSuccess(exit) ? freshness : Duration.zero)
      })

      const secret = Effect.fn("Auth.secret")(function* (
        key: Redacted.Redacted,
        scopes: ReadonlyArray<Scope>
      ) {
        const found = yield* Cache.get(keys, hashKey(key))
        const now = yield* Clock.currentTimeMillis
        if (Option.isNone(found) || !isUsable(found.value, now))
          return yield* new Unauthorized({})
        const { keyId, kind, projectId, scopes: has } = found.value
        if (kind !== "secret")
          return yield* new Forbidden({
            detail: "A write key only sends events; use a secret key."
          })
        if (!scopes.some((scope) => has.includes(scope)))
          return yield* new Forbidden({
            detail: `It lacks the scope "${scopes[0]}".`
          })
        yield* Effect.annotateCurrentSpan("project.id", projectId)
        return { actor: keyId, projectId }
      })

      return Auth.of({
        adminOrProject: Effect.fnUntraced(function* (header, scopes) {
          const key = yield* Effect.fromOption(fromAuthorization(header)).pipe(
            Effect.mapError(
              () => new Unauthorized({ detail: "Send `Authorization: Bearer <key>`." })
            )
          )
          if (sameKey(key, adminKey)) return { actor: "admin", projectId: null }
          return yield* secret(key, scopes)
        })
      })
    })
  )
}

const isUsable = (key: PublishedKey, now: number): boolean =>
  key.projectDeletedAt === null &&
  key.revokedAt === null &&
  (key.expiresAt === null || DateTime.toEpochMillis(key.expiresAt) > now)
