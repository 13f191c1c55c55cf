import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/** One thing that is wrong, and where: a JSON Pointer into the request body. */
export const QueryFault = Schema.Struct({
  pointer: Schema.String,
  detail: Schema.String
})
export type QueryFault = typeof QueryFault.Type

/** The request is JSON, but not a question that can be answered. */
export class QueryInvalid extends HttpApiError.Problem<QueryInvalid>()(
  "QueryInvalid",
  {
    type: "urn:analytics:problem:invalid-query",
    status: 422,
    title: "The query cannot be answered as it stands"
  },
  { errors: Schema.Array(QueryFault) }
) {
  static at(pointer: string, detail: string): QueryInvalid {
    return new QueryInvalid({ errors: [{ pointer, detail }] })
  }
}
