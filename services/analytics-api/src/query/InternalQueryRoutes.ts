import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { unhurried } from "@analytics/api-common/unhurried"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { Auth } from "../access/Auth.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { ProjectNotFound } from "../projects/Project.ts"
import { Projects } from "../projects/Projects.ts"
import { Queries } from "./Queries.ts"
import { QueryAnswer } from "./QueryAnswer.ts"
import {
  QueriesUnavailable,
  QueryTimedOut,
  QueryTooLarge,
  TooManyQueries
} from "./QueryProblems.ts"
import { concurrencyGroup } from "./requestHeaders.ts"

const Target = Schema.Struct({
  projectId: Schema.FiniteFromString.check(
    Schema.isInt(),
    Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 })
  )
})

/** What the other services of the installation ask in the name of a project. */
export const internalQueryRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Projects | Queries, ER>
) =>
  new Elysia({ tags: ["internal"] }).use(effectPlugin(runtime)).post(
    "/internal/v1/query",
    ({ body, headers, query: { projectId }, run }) =>
      run(
        QueryAnswer,
        Effect.gen(function* () {
          yield* (yield* Auth).service(headers["authorization"])
          const project = yield* (yield* Projects).get({ _tag: "Admin" }, projectId)
          return yield* (yield* Queries).answerLong(
            {
              id: projectId,
              timezone: project.timezone,
              ...(yield* concurrencyGroup(headers["concurrency-group"]))
            },
            body
          )
        })
      ),
    {
      beforeHandle: unhurried,
      query: received(Target),
      response: {
        200: sent(QueryAnswer),
        401: sent(Unauthorized),
        404: sent(ProjectNotFound),
        408: sent(QueryTimedOut),
        422: sent(Schema.Union([QueryInvalid, QueryTooLarge])),
        429: sent(TooManyQueries),
        503: sent(Schema.Union([QueriesUnavailable, ControlUnavailable]))
      },
      detail: {
        summary: "Answer a query of a project (service key)",
        description:
          "The body and the answer of `POST /v1/query`, with the time of `Prefer: respond-async`.",
        security: [{ key: [] }]
      }
    }
  )
