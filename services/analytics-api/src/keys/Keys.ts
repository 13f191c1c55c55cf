import { Context, DateTime, Effect, Layer, Redacted } from "effect"
import { type Access, requireProject } from "../access/Access.ts"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import type { ProjectId, ProjectNotFound } from "../projects/Project.ts"
import {
  everyScope,
  type IssuedKey,
  type Key,
  type KeyId,
  type KeyKind,
  KeyNotFound,
  type KeyRetired,
  type Scope
} from "./Key.ts"
import { KeyRepo } from "./KeyRepo.ts"
import { type NewKey, newKey } from "./newKey.ts"

export interface KeyRequest {
  readonly kind: KeyKind
  readonly name?: string
  /** Of a secret key; all when absent. */
  readonly scopes?: ReadonlyArray<Scope>
  readonly expiresAt?: DateTime.Utc | null
}

/** The rules about keys. */
export class Keys extends Context.Service<
  Keys,
  {
    create(
      access: Access,
      projectId: ProjectId,
      request: KeyRequest
    ): Effect.Effect<IssuedKey, ProjectNotFound | ControlUnavailable>
    list(
      access: Access,
      projectId: ProjectId
    ): Effect.Effect<ReadonlyArray<Key>, ProjectNotFound | ControlUnavailable>
    /** Replaces a key; the old one works `graceSeconds` longer. */
    rotate(
      access: Access,
      id: KeyId,
      graceSeconds: number
    ): Effect.Effect<IssuedKey, KeyNotFound | KeyRetired | ControlUnavailable>
    revoke(
      access: Access,
      id: KeyId
    ): Effect.Effect<void, KeyNotFound | ControlUnavailable>
  }
>()("@analytics/analytics-api/keys/Keys") {
  static readonly layer = Layer.effect(
    Keys,
    Effect.gen(function* () {
      const repo = yield* KeyRepo

      /** To the key of another project, a key does not exist. */
      const owned = Effect.fnUntraced(function* (access: Access, id: KeyId) {
        const key = yield* repo.byId(id)
        yield* requireProject(access, key.projectId).pipe(
          Effect.mapError(() => new KeyNotFound({ keyId: id }))
        )
        return key
      })

      return Keys.of({
        create: Effect.fn("Keys.create")(function* (access, projectId, request) {
          yield* requireProject(access, projectId)
          const made = newKey(request.kind)
          const scopes =
            request.kind === "secret" ? allowed(access, request.scopes) : []
          const { expiresAt = null, name = "" } = request
          const key = yield* repo.insert(projectId, made, { name, scopes, expiresAt })
          yield* log("key created", key)
          return issued(key, made)
        }),
        list: Effect.fn("Keys.list")(function* (access, projectId) {
          yield* requireProject(access, projectId)
          return yield* repo.ofProject(projectId)
        }),
        rotate: Effect.fn("Keys.rotate")(function* (access, id, graceSeconds) {
          const old = yield* owned(access, id)
          const made = newKey(old.kind)
          const until = DateTime.add(yield* DateTime.now, { seconds: graceSeconds })
          const key = yield* repo.rotate(id, made, until)
          yield* log("key rotated", old)
          return issued(key, made)
        }),
        revoke: Effect.fn("Keys.revoke")(function* (access, id) {
          const key = yield* owned(access, id)
          yield* repo.revoke(id)
          yield* log("key revoked", key)
        })
      })
    })
  )
}

/** Nobody hands out more than they hold. */
const allowed = (
  access: Access,
  wanted: ReadonlyArray<Scope> = everyScope
): ReadonlyArray<Scope> =>
  access._tag === "Admin"
    ? wanted
    : wanted.filter((scope) => access.scopes.includes(scope))

const issued = (key: Key, made: NewKey): IssuedKey => ({
  ...key,
  key: Redacted.value(made.key)
})

const log = (message: string, key: Key) =>
  Effect.logInfo(message).pipe(
    Effect.annotateLogs({ projectId: key.projectId, keyId: key.id, kind: key.kind })
  )
