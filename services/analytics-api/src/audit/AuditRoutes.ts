import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { requireProject } from "../access/Access.ts"
import { Auth } from "../access/Auth.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { ProjectId, ProjectNotFound, withoutNul } from "../projects/Project.ts"
import { Audit } from "./Audit.ts"
import { AuditEntry } from "./AuditEntry.ts"

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000

const Text = Schema.String.check(Schema.isMaxLength(500), withoutNul)
const Whole = (maximum: number) =>
  Schema.FiniteFromString.check(
    Schema.isInt(),
    Schema.isBetween({ minimum: 1, maximum })
  )

const AuditQuery = Schema.Struct({
  projectId: Schema.optionalKey(
    Schema.FiniteFromString.pipe(Schema.decodeTo(ProjectId))
  ),
  actor: Schema.optionalKey(Text),
  action: Schema.optionalKey(Text),
  kind: Schema.optionalKey(Text),
  queryHash: Schema.optionalKey(Text),
  cursor: Schema.optionalKey(Whole(Number.MAX_SAFE_INTEGER)),
  limit: Schema.optionalKey(Whole(MAX_LIMIT))
})

const AuditAnswer = Schema.Struct({
  entries: Schema.Array(AuditEntry),
  nextCursor: Schema.NullOr(Schema.String)
})

/** `GET /v1/audit`. */
export const auditRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Audit, ER>
) =>
  new Elysia({ tags: ["audit"] }).use(effectPlugin(runtime)).get(
    "/v1/audit",
    ({ headers, query, run }) =>
      run(
        AuditAnswer,
        Effect.gen(function* () {
          const auth = yield* Auth
          const access = yield* auth.adminOrProject(headers["authorization"], "keys")
          const { cursor, limit = DEFAULT_LIMIT, ...filter } = query
          if (filter.projectId !== undefined)
            yield* requireProject(access, filter.projectId)
          const own = access._tag === "Admin" ? {} : { projectId: access.projectId }
          return yield* (yield* Audit).page({ ...filter, ...own }, cursor, limit)
        })
      ),
    {
      query: received(AuditQuery),
      response: {
        200: sent(AuditAnswer),
        401: sent(Unauthorized),
        403: sent(Forbidden),
        404: sent(ProjectNotFound),
        503: sent(ControlUnavailable)
      },
      detail: {
        summary: "Who read and wrote what, newest first",
        description:
          "With the admin key, or a secret key with the scope `keys`, which sees its own project. Every request with a valid key is in it a moment later, refused ones as well; queries with their hash and what they read. Entries are kept for a while.",
        security: [{ key: [] }]
      }
    }
  )
