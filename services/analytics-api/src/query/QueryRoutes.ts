import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { Auth } from "../access/Auth.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { Queries } from "./Queries.ts"
import { QueryAnswer } from "./QueryAnswer.ts"
import { queryDocumentation } from "./QueryDocumentation.ts"
import {
  QueriesUnavailable,
  QueryTimedOut,
  QueryTooLarge,
  TooManyQueries
} from "./QueryProblems.ts"

/** `POST /v1/query`. The body is read by the query language, which names every fault. */
export const queryRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Queries, ER>
) =>
  new Elysia({ tags: ["query"] }).use(effectPlugin(runtime)).post(
    "/v1/query",
    ({ body, headers, run }) =>
      run(
        QueryAnswer,
        Effect.gen(function* () {
          const access = yield* (yield* Auth).project(headers["authorization"], "query")
          const project = { id: access.projectId, timezone: access.timezone }
          return yield* (yield* Queries).answer(project, body)
        })
      ),
    {
      response: {
        200: sent(QueryAnswer),
        401: sent(Unauthorized),
        403: sent(Forbidden),
        408: sent(QueryTimedOut),
        422: sent(Schema.Union([QueryInvalid, QueryTooLarge])),
        429: sent(TooManyQueries),
        503: sent(Schema.Union([QueriesUnavailable, ControlUnavailable]))
      },
      detail: queryDocumentation
    }
  )
