import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { received, sent } from "@analytics/api-common/WireSchema"
import type { AccessConfig } from "@analytics/config/AccessConfig"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { requireService } from "../keys/requireService.ts"
import { StoreUnavailable } from "../StoreUnavailable.ts"
import { type Removal, stateOf } from "./Removal.ts"
import { RemovalNotFound, RemovalRefused, Removals } from "./Removals.ts"

const MOST_IDS = 1000

const Id = Schema.String.check(
  Schema.isUUID(undefined, { expected: "a UUID" })
).annotate({ description: "Of the job; the same id again is the same removal" })

const common = {
  id: Id,
  projectId: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 }))
}

const PersonId = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isPattern(/^[^\0]*$/u, { expected: "no NUL" })
)

const Wanted = Schema.Union([
  Schema.Struct({
    ...common,
    kind: Schema.Literal("person"),
    ids: Schema.Array(PersonId)
      .check(Schema.isMinLength(1), Schema.isMaxLength(MOST_IDS))
      .annotate({ description: "Any ids of the person; those linked to them go, too" })
  }),
  Schema.Struct({
    ...common,
    kind: Schema.Literal("person"),
    idHashes: Schema.Array(Schema.String.check(Schema.isPattern(/^\d{1,20}$/u)))
      .check(Schema.isMinLength(1))
      .annotate({ description: "After a restore: what an earlier removal covered" }),
    requestedAt: Schema.DateFromString
  }),
  Schema.Struct({
    ...common,
    kind: Schema.Literals(["range", "expiry"]),
    from: Schema.DateFromString,
    to: Schema.DateFromString,
    requestedAt: Schema.optionalKey(Schema.DateFromString)
  }).check(
    Schema.makeFilter(({ from, to }) =>
      from < to ? undefined : { path: ["to"], issue: "to must lie after from" }
    )
  )
])

const Answer = Schema.Struct({
  id: Schema.String,
  state: Schema.Literals(["hidden", "removing", "done"]),
  requestedAt: Schema.DateFromString,
  ids: Schema.Array(Schema.String).annotate({
    description: "All ids of the person, until it is done: then only hashes are known"
  }),
  idHashes: Schema.Array(Schema.String),
  counts: Schema.Record(Schema.String, Schema.Int).annotate({
    description: "What was found, by place"
  }),
  removedAt: Schema.NullOr(Schema.DateFromString),
  doneAt: Schema.NullOr(Schema.DateFromString)
})

export type RemovalServices = Removals | AccessConfig

const security = [{ key: [] }]

/** `/internal/v1/removals`, for services that know `SERVICE_KEY`. */
export const removalRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | RemovalServices, ER>
) =>
  new Elysia({ prefix: "/internal/v1/removals", tags: ["internal"] })
    .use(effectPlugin(runtime))
    .use(jsonBody())
    .post(
      "",
      ({ body, headers: { authorization }, run }) =>
        run(
          Answer,
          Effect.gen(function* () {
            yield* requireService(authorization)
            return answerOf(yield* (yield* Removals).register(wantedOf(body)))
          })
        ),
      {
        body: received(Wanted),
        response: {
          200: sent(Answer),
          401: sent(Unauthorized),
          409: sent(RemovalRefused),
          503: sent(StoreUnavailable)
        },
        detail: {
          summary: "Erase a person or a range, or let it expire (service key)",
          description:
            "From the answer on no query shows it. It is physically gone once `state` is `done`.",
          security
        }
      }
    )
    .get(
      "/:id",
      ({ headers: { authorization }, params, run }) =>
        run(
          Answer,
          Effect.gen(function* () {
            yield* requireService(authorization)
            return answerOf(yield* (yield* Removals).get(params.id))
          })
        ),
      {
        params: received(Schema.Struct({ id: Id })),
        response: {
          200: sent(Answer),
          401: sent(Unauthorized),
          404: sent(RemovalNotFound),
          503: sent(StoreUnavailable)
        },
        detail: { summary: "How far a removal is (service key)", security }
      }
    )

const wantedOf = (body: typeof Wanted.Type) => {
  const { id, kind, projectId } = body
  const range = "from" in body ? body : undefined
  return {
    id,
    projectId,
    kind,
    ids: "ids" in body ? body.ids : [],
    from: range?.from.getTime() ?? null,
    to: range?.to.getTime() ?? null,
    ...("idHashes" in body ? { idHashes: body.idHashes.map(BigInt) } : {}),
    ...("requestedAt" in body && body.requestedAt !== undefined
      ? { requestedAt: body.requestedAt.getTime() }
      : {})
  }
}

const answerOf = (removal: Removal): typeof Answer.Type => ({
  id: removal.id,
  state: stateOf(removal),
  requestedAt: new Date(removal.requestedAt),
  ids: removal.ids,
  idHashes: removal.idHashes.map(String),
  counts: removal.counts,
  removedAt: removal.removedAt === null ? null : new Date(removal.removedAt),
  doneAt: removal.doneAt === null ? null : new Date(removal.doneAt)
})
