import { Effect, Schema, SchemaIssue } from "effect"
import { type QueryFault, QueryInvalid } from "./QueryInvalid.ts"

const MAX_FAULTS = 100

/**
 * Decodes what a client sent. Unknown fields are refused, all faults (the first hundred)
 * are named at once, and no message repeats the value.
 */
export const decodeStrictly = <S extends Schema.ConstraintDecoder<unknown>>(
  schema: S
): ((input: unknown) => Effect.Effect<S["Type"], QueryInvalid>) => {
  const decode = Schema.decodeUnknownEffect(schema, {
    errors: "all",
    onExcessProperty: "error"
  })
  return (input) =>
    Effect.mapError(
      decode(input),
      (error) =>
        new QueryInvalid({ errors: faultsOf(error.issue, "").slice(0, MAX_FAULTS) })
    )
}

const formatLeaf = SchemaIssue.makeFormatterStandardSchemaV1()

/**
 * Of a union only the member that came closest speaks: the others would only say that
 * the value is not something it never meant to be.
 */
const faultsOf = (
  issue: SchemaIssue.Issue,
  pointer: string
): ReadonlyArray<QueryFault> => {
  switch (issue._tag) {
    case "Pointer":
      return faultsOf(issue.issue, pointer + issue.path.map(segment).join(""))
    case "Composite":
      return issue.issues.flatMap((part) => faultsOf(part, pointer))
    case "Filter":
      return issue.issue._tag === "InvalidValue"
        ? describe(issue, pointer)
        : faultsOf(issue.issue, pointer)
    case "Encoding":
      return faultsOf(issue.issue, pointer)
    case "AnyOf": {
      const members = issue.issues.map((member) => faultsOf(member, pointer))
      return members.length === 0
        ? describe(issue, pointer)
        : members.reduce((best, next) => (next.length < best.length ? next : best))
    }
    default:
      return describe(issue, pointer)
  }
}

const describe = (
  issue: SchemaIssue.Issue,
  pointer: string
): ReadonlyArray<QueryFault> =>
  formatLeaf(issue).issues.map(({ message }) => ({ pointer, detail: message }))

const segment = (key: PropertyKey): string =>
  `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`
