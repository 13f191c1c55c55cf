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
import { QueryEstimate } from "./QueryCost.ts"
import { queryDocumentation } from "./QueryDocumentation.ts"
import {
  NotAcceptable,
  QueriesUnavailable,
  QueryTimedOut,
  QueryTooLarge,
  TooManyQueries
} from "./QueryProblems.ts"
import type { QueryRuns } from "./QueryRuns.ts"
import { RunningQuery, startRun } from "./RunningQuery.ts"
import { concurrencyGroup, prefersAsync } from "./requestHeaders.ts"
import { streamAnswer } from "./streamAnswer.ts"
import { formatFor, offered } from "./tableText.ts"

const estimateRoute = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Queries, ER>
) =>
  new Elysia({ tags: ["query"] }).use(effectPlugin(runtime)).post(
    "/v1/query/estimate",
    ({ body, headers, run }) =>
      run(
        QueryEstimate,
        Effect.gen(function* () {
          const access = yield* (yield* Auth).project(headers["authorization"], "query")
          const { keyId, projectId, timezone } = access
          return yield* (yield* Queries).estimate(
            { id: projectId, timezone, keyId },
            body
          )
        })
      ),
    {
      response: {
        200: sent(QueryEstimate),
        401: sent(Unauthorized),
        403: sent(Forbidden),
        408: sent(QueryTimedOut),
        422: sent(Schema.Union([QueryInvalid, QueryTooLarge])),
        429: sent(TooManyQueries),
        503: sent(Schema.Union([QueriesUnavailable, ControlUnavailable]))
      },
      detail: {
        summary: "What a query would cost",
        description:
          "Takes what `POST /v1/query` takes, and reads only the index of the store. Nothing is known of the kind `sql`.",
        security: [{ key: [] }]
      }
    }
  )

/** `POST /v1/query`. The body is read by the query language, which names every fault. */
export const queryRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Queries | QueryRuns, ER>
) =>
  new Elysia({ tags: ["query"] })
    .use(effectPlugin(runtime))
    .use(estimateRoute(runtime))
    .post(
      "/v1/query",
      ({ body, headers, run, runResponse }) => {
        const asking = Effect.gen(function* () {
          const access = yield* (yield* Auth).project(headers["authorization"], "query")
          return {
            id: access.projectId,
            timezone: access.timezone,
            keyId: access.keyId,
            ...(yield* concurrencyGroup(headers["concurrency-group"]))
          }
        })
        if (prefersAsync(headers["prefer"]))
          return run(
            RunningQuery,
            Effect.flatMap(asking, (project) => startRun(project, body)),
            202
          )
        const format = formatFor(headers["accept"])
        if (format === "json")
          return run(
            QueryAnswer,
            Effect.gen(function* () {
              return yield* (yield* Queries).answer(yield* asking, body)
            })
          )
        return runResponse(
          Effect.gen(function* () {
            const project = yield* asking
            const queries = yield* Queries
            if (format === undefined)
              return yield* new NotAcceptable({ detail: `Ask for ${offered}.` })
            return yield* streamAnswer(body, format, (page) =>
              queries.answer(project, page)
            )
          })
        )
      },
      {
        response: {
          200: sent(QueryAnswer),
          202: sent(RunningQuery),
          401: sent(Unauthorized),
          403: sent(Forbidden),
          406: sent(NotAcceptable),
          408: sent(QueryTimedOut),
          422: sent(Schema.Union([QueryInvalid, QueryTooLarge])),
          429: sent(TooManyQueries),
          503: sent(Schema.Union([QueriesUnavailable, ControlUnavailable]))
        },
        detail: queryDocumentation
      }
    )
