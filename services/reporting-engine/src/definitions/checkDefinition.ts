import { unstorableIn } from "@analytics/database/unstorable"
import { Effect } from "effect"
import { ReportInvalid } from "./DefinitionProblems.ts"
import { isRange, parameterValues, referencesIn } from "./parameters.ts"
import type { Definition } from "./ReportDefinition.ts"

/** Characters of one definition as JSON. */
const MOST_TEXT = 500_000

/** What a schema cannot see: names, defaults, and what refers to what. */
export const checkDefinition = Effect.fnUntraced(function* (
  definition: Definition
): Effect.fn.Return<void, ReportInvalid> {
  const { parameters = [], range, sections } = definition
  if (JSON.stringify(definition).length > MOST_TEXT)
    return yield* ReportInvalid.at(
      "/definition",
      `At most ${MOST_TEXT} characters as JSON`
    )
  const unstorable = unstorableIn(definition, "/definition")
  if (unstorable !== undefined)
    return yield* ReportInvalid.at(
      unstorable,
      "Expected text without U+0000 and lone surrogates"
    )
  const names = new Set<string>()
  for (const [index, { name }] of parameters.entries()) {
    if (names.has(name))
      return yield* ReportInvalid.at(
        `/definition/parameters/${index}/name`,
        "Another parameter has this name"
      )
    names.add(name)
  }
  if (typeof range === "string" && !isRange(range))
    return yield* ReportInvalid.at(
      "/definition/range",
      "Expected a range such as last_7d, last_4w, last_week or this_month"
    )
  const referred = referencesIn(
    { range, filters: definition.filters, sections },
    "/definition"
  )
  for (const { name, pointer } of referred)
    if (!names.has(name))
      return yield* ReportInvalid.at(
        pointer,
        `There is no parameter ${JSON.stringify(name.slice(0, 100))}; declare it in parameters`
      )
  // Defaults must fit; what has none is given when the report is made.
  const known = parameters.filter((it) => it.default !== undefined)
  yield* Effect.mapError(
    parameterValues({ ...definition, parameters: known }, {}),
    ({ errors }) =>
      new ReportInvalid({
        detail: "A default does not fit its type.",
        errors: errors.map(({ detail, pointer }) => ({
          pointer: `/definition${pointer}/default`,
          detail
        }))
      })
  )
})
