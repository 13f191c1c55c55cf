import { Context } from "effect"

/** What a program says about its request beside the answer. */
export interface RequestNotes {
  /** Headers of the answer, by lower-case name, of a problem as well. */
  readonly headers: Record<string, string>
  /** For whoever writes down what happened; never sent. */
  readonly facts: Record<string, string | number>
}

export const makeNotes = (): RequestNotes => ({ headers: {}, facts: {} })

/** Those of the request that this program answers; outside of one nobody reads them. */
export const RequestNotes = Context.Reference<RequestNotes>(
  "@analytics/api-common/RequestNotes",
  { defaultValue: makeNotes }
)
