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
import { Forbidden, Unauthorized } from "../AuthProblems.ts"
import { fromAuthorization, hashKey, sameKey } from "../BearerKey.ts"
import { KeyLookup, type PublishedKey } from "./KeyLookup.ts"
import type { KeysUnavailable } from "./KeysUnavailable.ts"
import { ProjectMissing } from "./ProjectMissing.ts"

/** A revoked key works at most this much longer. */
const freshness = Duration.seconds(1)
const cachedKeys = 1000

/** What a secret key may do; any of them will do. */
type Scopes = readonly [string, ...ReadonlyArray<string>]

/** Who asks: the administrator (null: no project), or the holder of a secret key. */
export interface Access {
  /** The key's id, or `admin`: who something was done by. */
  readonly actor: string
  readonly projectId: number | null
}

/** Who asks, and about which project. */
export interface ProjectAccess {
  /** The key's id, `admin` or `service`. */
  readonly actor: string
  readonly projectId: number
  /** Epoch milliseconds until which this may be believed without asking again. */
  readonly until: number
  /** Epoch milliseconds at which the key itself ends; `Infinity`: never. */
  readonly ends: number
}

type Refused = Unauthorized | Forbidden | KeysUnavailable

/**
 * Reads `Authorization` headers for services that keep no keys themselves. Keys that
 * cannot be looked up are 503, never 401.
 */
export class Auth extends Context.Service<
  Auth,
  {
    /** The admin key, or a secret key that has one of these scopes. */
    adminOrProject(
      header: string | undefined,
      scopes: Scopes
    ): Effect.Effect<Access, Refused>
    /**
     * A secret key that has one of these scopes, for its own project; or the admin key or
     * the service key, for the project that is named.
     */
    ofProject(
      header: string | undefined,
      scopes: Scopes,
      projectId: number | undefined
    ): Effect.Effect<ProjectAccess, Refused | ProjectMissing>
  }
>()("@analytics/api-common/access/Auth") {
  static readonly layer = Layer.effect(
    Auth,
    Effect.gen(function* () {
      const { adminKey, serviceKey } = yield* AccessConfig
      const { byHash } = yield* KeyLookup
      const looked = (hash: string) =>
        Effect.all({ at: Clock.currentTimeMillis, found: byHash(hash) })
      const keys = yield* Cache.makeWith(looked, {
        capacity: cachedKeys,
        timeToLive: (exit) => (Exit.isSuccess(exit) ? freshness : Duration.zero)
      })

      const secret = Effect.fn("Auth.secret")(function* (
        key: Redacted.Redacted,
        scopes: Scopes
      ) {
        const { at, found } = yield* Cache.get(keys, hashKey(key))
        const now = yield* Clock.currentTimeMillis
        if (Option.isNone(found) || !isUsable(found.value, now))
          return yield* new Unauthorized({})
        const { expiresAt, keyId, kind, projectId, scopes: has } = found.value
        if (kind !== "secret")
          return yield* new Forbidden({
            detail: "A write key only sends events; use a secret key."
          })
        if (!scopes.some((scope) => has.includes(scope)))
          return yield* new Forbidden({ detail: `It lacks the scope "${scopes[0]}".` })
        yield* Effect.annotateCurrentSpan("project.id", projectId)
        const end = expiresAt === null ? Infinity : DateTime.toEpochMillis(expiresAt)
        return {
          actor: keyId,
          projectId,
          until: Math.min(at + Duration.toMillis(freshness), end),
          ends: end
        }
      })

      const bearer = (header: string | undefined) =>
        Effect.fromOption(fromAuthorization(header)).pipe(
          Effect.mapError(
            () => new Unauthorized({ detail: "Send `Authorization: Bearer <key>`." })
          )
        )

      const named = Effect.fnUntraced(function* (
        actor: string,
        projectId: number | undefined
      ) {
        if (projectId === undefined)
          return yield* new ProjectMissing({
            detail: "This key is of no project: name one in `projectId`."
          })
        const now = yield* Clock.currentTimeMillis
        const until = now + Duration.toMillis(freshness)
        return { actor, projectId, until, ends: Infinity }
      })

      return Auth.of({
        adminOrProject: Effect.fnUntraced(function* (header, scopes) {
          const key = yield* bearer(header)
          if (sameKey(key, adminKey)) return { actor: "admin", projectId: null }
          const { actor, projectId } = yield* secret(key, scopes)
          return { actor, projectId }
        }),
        ofProject: Effect.fnUntraced(function* (header, scopes, projectId) {
          const key = yield* bearer(header)
          if (sameKey(key, adminKey)) return yield* named("admin", projectId)
          if (sameKey(key, serviceKey)) return yield* named("service", projectId)
          const access = yield* secret(key, scopes)
          if (projectId !== undefined && projectId !== access.projectId)
            return yield* new Forbidden({ detail: "This key is for another project." })
          return access
        })
      })
    })
  )
}

const isUsable = (key: PublishedKey, now: number): boolean =>
  key.projectDeletedAt === null &&
  key.revokedAt === null &&
  (key.expiresAt === null || DateTime.toEpochMillis(key.expiresAt) > now)
