import { cohortExample } from "@analytics/analytics-core/query/cohort/Cohort"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema, SchemaTransformation } from "effect"
import { Elysia } from "elysia"
import { Auth } from "../access/Auth.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { wireSchema } from "../query/QueryDocumentation.ts"
import { QueriesUnavailable } from "../query/QueryProblems.ts"
import {
  CohortAnswer,
  CohortChange,
  CohortConflict,
  CohortId,
  CohortNotFound,
  MemberIds,
  MembersChanged,
  NewCohort
} from "./Cohort.ts"
import { Cohorts } from "./Cohorts.ts"

const CohortParams = Schema.Struct({ cohortId: CohortId })

const Page = Schema.Struct({
  cursor: Schema.optionalKey(CohortId).annotate({
    description: "nextCursor of the page before"
  }),
  limit: Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^\d{1,4}$/u)).pipe(
      Schema.decodeTo(
        Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })),
        SchemaTransformation.transform({ decode: Number, encode: String })
      )
    )
  )
})

const CohortList = Schema.Struct({
  cohorts: Schema.Array(CohortAnswer),
  nextCursor: Schema.NullOr(Schema.String)
})

const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  503: sent(Schema.Union([ControlUnavailable, QueriesUnavailable]))
}
const security = [{ key: [] }]

/** The body of a definition, which holds definitions. */
const bodyOf = (schema: Schema.Constraint, example: object) => ({
  required: true,
  content: { "application/json": { schema: wireSchema(schema) as object, example } }
})

/** `/v1/cohorts`: who may be asked about as one. */
export const cohortsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Cohorts, ER>
) =>
  new Elysia({ prefix: "/v1/cohorts", tags: ["cohorts"] })
    .use(effectPlugin(runtime))
    .post(
      "",
      ({ body, headers, run }) =>
        run(
          CohortAnswer,
          Effect.gen(function* () {
            const { cohorts, projectId } = yield* asking(headers["authorization"])
            return yield* cohorts.create(projectId, body)
          }),
          201
        ),
      {
        response: {
          201: sent(CohortAnswer),
          409: sent(CohortConflict),
          422: sent(QueryInvalid),
          ...refusals
        },
        detail: {
          summary: "Create a cohort",
          description:
            "`static` is a list of ids; `dynamic` has a rule: `did` and `didNot` (an event, how often, when), `trait` (a filter on `user.…`), and `and`, `or`, `not` of rules. `within` counts back from the moment a question is asked as of. Name it as `cohort` in a query.",
          security,
          requestBody: bodyOf(NewCohort, cohortExample)
        }
      }
    )
    .get(
      "",
      ({ headers, query, run }) =>
        run(
          CohortList,
          Effect.gen(function* () {
            const { cohorts, projectId } = yield* asking(headers["authorization"])
            const { cursor: after, limit = 100 } = query
            return yield* cohorts.list(projectId, { after, limit })
          })
        ),
      {
        query: received(Page),
        response: { 200: sent(CohortList), ...refusals },
        detail: { summary: "List the cohorts, oldest first", security }
      }
    )
    .get(
      "/:cohortId",
      ({ headers, params, run }) =>
        run(
          CohortAnswer,
          Effect.gen(function* () {
            const { cohorts, projectId } = yield* asking(headers["authorization"])
            return yield* cohorts.get(projectId, params.cohortId)
          })
        ),
      {
        params: received(CohortParams),
        response: { 200: sent(CohortAnswer), 404: sent(CohortNotFound), ...refusals },
        detail: { summary: "Read a cohort", security }
      }
    )
    .patch(
      "/:cohortId",
      ({ body, headers, params, run }) =>
        run(
          CohortAnswer,
          Effect.gen(function* () {
            const { cohorts, projectId } = yield* asking(headers["authorization"])
            return yield* cohorts.change(projectId, params.cohortId, body)
          })
        ),
      {
        params: received(CohortParams),
        response: {
          200: sent(CohortAnswer),
          404: sent(CohortNotFound),
          422: sent(QueryInvalid),
          ...refusals
        },
        detail: {
          summary: "Rename a cohort or change its rule",
          description:
            "Questions of earlier moments are then answered by the new rule.",
          security,
          requestBody: bodyOf(CohortChange, { name: "Buyers of this year" })
        }
      }
    )
    .delete(
      "/:cohortId",
      ({ headers, params, run }) =>
        run(
          Schema.Void,
          Effect.gen(function* () {
            const { cohorts, projectId } = yield* asking(headers["authorization"])
            yield* cohorts.remove(projectId, params.cohortId)
          }),
          204
        ),
      {
        params: received(CohortParams),
        response: { 204: sent(Schema.Void), 404: sent(CohortNotFound), ...refusals },
        detail: { summary: "Delete a cohort", security }
      }
    )
    .post(
      "/:cohortId/members",
      ({ body, headers, params, run }) =>
        run(
          MembersChanged,
          Effect.gen(function* () {
            const { cohorts, projectId } = yield* asking(headers["authorization"])
            return yield* cohorts.setMembers(projectId, params.cohortId, body.ids, true)
          })
        ),
      {
        params: received(CohortParams),
        body: received(MemberIds),
        response: {
          200: sent(MembersChanged),
          404: sent(CohortNotFound),
          409: sent(CohortConflict),
          ...refusals
        },
        detail: {
          summary: "Put ids on a static list",
          description:
            "User or anonymous ids; a person belongs to the list by any of their ids. Repeating it changes nothing.",
          security
        }
      }
    )
    .post(
      "/:cohortId/members/remove",
      ({ body, headers, params, run }) =>
        run(
          MembersChanged,
          Effect.gen(function* () {
            const { cohorts, projectId } = yield* asking(headers["authorization"])
            return yield* cohorts.setMembers(
              projectId,
              params.cohortId,
              body.ids,
              false
            )
          })
        ),
      {
        params: received(CohortParams),
        body: received(MemberIds),
        response: {
          200: sent(MembersChanged),
          404: sent(CohortNotFound),
          409: sent(CohortConflict),
          ...refusals
        },
        detail: { summary: "Take ids off a static list", security }
      }
    )

/** The cohorts of the project that a key with the scope `query` names. */
const asking = Effect.fnUntraced(function* (authorization: string | undefined) {
  const { projectId } = yield* (yield* Auth).project(authorization, "query")
  return { cohorts: yield* Cohorts, projectId }
})
