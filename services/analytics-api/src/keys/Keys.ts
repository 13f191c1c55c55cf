import { Forbidden } from "@analytics/api-common/AuthProblems"
import { Context, DateTime, Effect, Layer, Redacted } from "effect"
import { type Access, requireProject, requireScope } from "../access/Access.ts"
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
  type KeyTaken,
  type Scope
} from "./Key.ts"
import { KeyRepo } from "./KeyRepo.ts"
import { adoptedKey, type NewKey, newKey } from "./newKey.ts"

export interface KeyRequest {
  readonly kind: KeyKind
  /** Of a write key: the one that clients carry already. */
  readonly key?: string
  readonly name?: string
  /** Of a secret key; all that the asking one has when absent. */
  readonly scopes?: ReadonlyArray<Scope>
  readonly expiresAt?: DateTime.Utc | null
}

/** The rules about keys. */
export class Keys extends Context.Service<
  Keys,
  {
    /** Nobody hands out more than they hold: neither scopes nor time. */
    create(
      access: Access,
      projectId: ProjectId,
      request: KeyRequest
    ): Effect.Effect<
      IssuedKey,
      ProjectNotFound | KeyTaken | Forbidden | ControlUnavailable
    >
    list(
      access: Access,
      projectId: ProjectId
    ): Effect.Effect<ReadonlyArray<Key>, ProjectNotFound | ControlUnavailable>
    /** Replaces a key that may no more than the asking one; it works `graceSeconds` longer. */
    rotate(
      access: Access,
      id: KeyId,
      graceSeconds: number
    ): Effect.Effect<
      IssuedKey,
      KeyNotFound | KeyRetired | Forbidden | ControlUnavailable
    >
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
          const made =
            request.kind === "write" && request.key !== undefined
              ? adoptedKey(request.key)
              : newKey(request.kind)
          const scopes =
            request.kind === "secret" ? (request.scopes ?? held(access)) : []
          yield* requireHeld(access, scopes)
          const { name = "" } = request
          const expiresAt = earlier(request.expiresAt ?? null, endOf(access))
          const key = yield* repo.insert(
            projectId,
            made,
            { name, scopes, expiresAt },
            access._tag === "Admin"
          )
          yield* log("key created", key)
          return issued(key, made)
        }),
        list: Effect.fn("Keys.list")(function* (access, projectId) {
          yield* requireProject(access, projectId)
          return yield* repo.ofProject(projectId)
        }),
        rotate: Effect.fn("Keys.rotate")(function* (access, id, graceSeconds) {
          const old = yield* owned(access, id)
          yield* requireHeld(access, old.scopes)
          if (earlier(old.expiresAt, endOf(access)) !== old.expiresAt)
            return yield* new Forbidden({ detail: "It ends before that key does." })
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

const held = (access: Access): ReadonlyArray<Scope> =>
  access._tag === "Admin"
    ? everyScope
    : everyScope.filter((scope) => access.scopes.includes(scope))

const requireHeld = (
  access: Access,
  wanted: ReadonlyArray<Scope>
): Effect.Effect<void, Forbidden> =>
  access._tag === "Admin"
    ? Effect.void
    : Effect.forEach(wanted, (scope) => requireScope(access, scope), { discard: true })

/** When the asking key ends; null is never. */
const endOf = (access: Access): DateTime.Utc | null =>
  access._tag === "Admin" ? null : access.expiresAt

const earlier = (wanted: DateTime.Utc | null, end: DateTime.Utc | null) =>
  end === null || (wanted !== null && DateTime.isLessThanOrEqualTo(wanted, end))
    ? wanted
    : end

const issued = (key: Key, made: NewKey): IssuedKey => ({
  ...key,
  key: Redacted.value(made.key)
})

const log = (message: string, key: Key) =>
  Effect.logInfo(message).pipe(
    Effect.annotateLogs({ projectId: key.projectId, keyId: key.id, kind: key.kind })
  )
