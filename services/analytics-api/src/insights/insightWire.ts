import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { sent } from "@analytics/api-common/WireSchema"
import { Schema } from "effect"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { QueryAnswer } from "../query/QueryAnswer.ts"
import { wireSchema } from "../query/QueryDocumentation.ts"
import {
  QueriesUnavailable,
  QueryTimedOut,
  QueryTooLarge,
  TooManyQueries
} from "../query/QueryProblems.ts"
import { Insight, InsightId, InsightVersion, Version } from "./Insight.ts"
import { cursorOf, PageLimit } from "./Page.ts"

export const InsightParams = Schema.Struct({ insightId: InsightId })

export const InsightPage = Schema.Struct({
  cursor: cursorOf(InsightId),
  limit: PageLimit
})

export const InsightList = Schema.Struct({
  insights: Schema.Array(Insight),
  nextCursor: Schema.NullOr(Schema.String)
})

export const VersionPage = Schema.Struct({
  cursor: cursorOf(
    Schema.FiniteFromString.check(
      Schema.isInt(),
      Schema.isBetween({ minimum: 1, maximum: 2_147_483_647 })
    )
  ),
  limit: PageLimit
})

export const VersionList = Schema.Struct({
  versions: Schema.Array(InsightVersion),
  nextCursor: Schema.NullOr(Schema.Int)
})

export const RestoredVersion = Schema.Struct({ version: Version }).annotate({
  examples: [{ version: 3 }]
})

export const InsightAnswer = Schema.Struct({
  insight: Insight,
  answer: QueryAnswer,
  keptAt: Schema.NullOr(Schema.DateFromString).annotate({
    description: "When a kept answer was computed; null: for this request"
  })
})

/** What any route of a secret key may be refused with. */
export const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  503: sent(Schema.Union([ControlUnavailable, QueriesUnavailable]))
}

export const security = [{ key: [] }]

/** What a query may be refused with. */
export const queryRefusals = {
  408: sent(QueryTimedOut),
  422: sent(Schema.Union([QueryInvalid, QueryTooLarge])),
  429: sent(TooManyQueries)
}

/** OpenAPI of a body that its own reader judges, with every fault at once. */
export const bodyOf = (schema: Schema.Constraint, example: object) => ({
  required: true,
  content: { "application/json": { schema: wireSchema(schema) as object, example } }
})
