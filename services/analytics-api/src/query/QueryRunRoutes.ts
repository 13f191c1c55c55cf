import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { Auth } from "../access/Auth.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { QueryAnswer } from "./QueryAnswer.ts"
import {
  NotAcceptable,
  QueriesUnavailable,
  QueryInterrupted,
  QueryNotFound,
  QueryTimedOut,
  QueryTooLarge,
  TooManyQueries
} from "./QueryProblems.ts"
import { QueryRuns } from "./QueryRuns.ts"
import { RunningQuery, runningQuery } from "./RunningQuery.ts"
import { tableResponse } from "./streamAnswer.ts"
import { formatFor, offered } from "./tableText.ts"

const RunParams = Schema.Struct({ id: Schema.String.check(Schema.isUUID()) })
const decodeAnswer = Schema.decodeEffect(Schema.fromJsonString(QueryAnswer))
const security = [{ key: [] }]

/** `/v1/queries/{id}`: queries that were sent with `Prefer: respond-async`. */
export const queryRunRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | QueryRuns, ER>
) =>
  new Elysia({ tags: ["query"] })
    .use(effectPlugin(runtime))
    .get(
      "/v1/queries/:id",
      ({ headers, params, runResponse }) =>
        runResponse(
          Effect.gen(function* () {
            const auth = yield* Auth
            const access = yield* auth.project(headers["authorization"], "query")
            const format = formatFor(headers["accept"])
            if (format === undefined)
              return yield* new NotAcceptable({ detail: `Ask for ${offered}.` })
            const state = yield* (yield* QueryRuns).state(access.projectId, params.id)
            if (state.running)
              return Response.json(yield* runningQuery(params.id, state.elapsedMs), {
                status: 202
              })
            if (format === "json")
              return new Response(state.text, {
                headers: { "content-type": "application/json" }
              })
            const answered = yield* Effect.orDie(decodeAnswer(state.text))
            return yield* tableResponse(answered, format)
          })
        ),
      {
        params: received(RunParams),
        response: {
          200: sent(QueryAnswer),
          202: sent(RunningQuery),
          401: sent(Unauthorized),
          403: sent(Forbidden),
          404: sent(QueryNotFound),
          406: sent(NotAcceptable),
          408: sent(QueryTimedOut),
          422: sent(Schema.Union([QueryInvalid, QueryTooLarge])),
          429: sent(TooManyQueries),
          503: sent(
            Schema.Union([QueryInterrupted, QueriesUnavailable, ControlUnavailable])
          )
        },
        detail: {
          summary: "The answer of a longer query, or that it goes on",
          description:
            "202 while it runs, 200 with its answer, and the problem if it failed. Only keys of its own project see it; its answer is kept for a while.",
          security
        }
      }
    )
    .delete(
      "/v1/queries/:id",
      ({ headers, params, run }) =>
        run(
          Schema.Void,
          Effect.gen(function* () {
            const auth = yield* Auth
            const access = yield* auth.project(headers["authorization"], "query")
            yield* (yield* QueryRuns).cancel(access.projectId, params.id)
          }),
          204
        ),
      {
        params: received(RunParams),
        response: {
          204: sent(Schema.Void),
          401: sent(Unauthorized),
          403: sent(Forbidden),
          404: sent(QueryNotFound),
          503: sent(ControlUnavailable)
        },
        detail: { summary: "Cancel a longer query, or forget its answer", security }
      }
    )
