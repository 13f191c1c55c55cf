import { unstorableIn } from "@analytics/database/unstorable"
import { Effect, Predicate } from "effect"
import { ReportInvalid } from "./DefinitionProblems.ts"
import type { Definition, Parameter } from "./ReportDefinition.ts"

export type ParameterValue = string | number | boolean
export type ParameterValues = ReadonlyMap<string, ParameterValue>

const range =
  /^(today|yesterday|last_[1-9]\d{0,3}d|last_[1-9]\d{0,2}[wm]|(this|last)_(week|month|quarter|year))$/u

export const isRange = (text: string): boolean => range.test(text)

const fault = ({ type }: Parameter, value: unknown): string | undefined => {
  if (type === "number")
    return typeof value === "number" && Number.isFinite(value)
      ? undefined
      : "Expected a number"
  if (type === "boolean")
    return typeof value === "boolean" ? undefined : "Expected true or false"
  if (
    typeof value !== "string" ||
    value.length > 1000 ||
    unstorableIn(value) !== undefined
  )
    return "Expected text of at most 1000 characters, without U+0000 and lone surrogates"
  return type === "range" && !isRange(value)
    ? "Expected a range such as last_7d, last_4w, last_week or this_month"
    : undefined
}

/** The values of all parameters of a definition: those given, else the defaults. */
export const parameterValues = (
  { parameters = [] }: Definition,
  given: Readonly<Record<string, unknown>>
): Effect.Effect<ParameterValues, ReportInvalid> => {
  const errors: Array<{ pointer: string; detail: string }> = []
  const values = new Map<string, ParameterValue>()
  for (const parameter of parameters) {
    const { name } = parameter
    const own = Object.hasOwn(given, name) ? given[name] : undefined
    const value = own ?? parameter.default
    const detail =
      value === undefined
        ? "It has no default, so it must be given"
        : fault(parameter, value)
    if (detail !== undefined) errors.push({ pointer: `/parameters/${name}`, detail })
    else if (Predicate.isString(value)) values.set(name, value)
    else if (Predicate.isNumber(value) || Predicate.isBoolean(value))
      values.set(name, value)
  }
  for (const name of Object.keys(given))
    if (!parameters.some((parameter) => parameter.name === name))
      errors.push({
        pointer: `/parameters/${name.slice(0, 100)}`,
        detail: "The report has no such parameter"
      })
  return errors.length === 0
    ? Effect.succeed(values)
    : Effect.fail(new ReportInvalid({ detail: "Its parameters do not fit.", errors }))
}

const referenceIn = (node: object): string | undefined =>
  Predicate.hasProperty(node, "$parameter") &&
  Predicate.isString(node.$parameter) &&
  Object.keys(node).length === 1
    ? node.$parameter
    : undefined

/** Names that `{"$parameter": "name"}` in there refer to, with where. */
export const referencesIn = (
  node: unknown,
  pointer: string
): ReadonlyArray<{ readonly name: string; readonly pointer: string }> => {
  if (!Predicate.isObject(node) && !Array.isArray(node)) return []
  const name = referenceIn(node)
  if (name !== undefined) return [{ name, pointer }]
  return Object.entries(node).flatMap(([key, member]) =>
    referencesIn(member, `${pointer}/${key}`)
  )
}

/** The same with values in the place of references: never text that is read again. */
export const withValues = (node: unknown, values: ParameterValues): unknown => {
  if (Array.isArray(node)) return node.map((member) => withValues(member, values))
  if (!Predicate.isObject(node)) return node
  const name = referenceIn(node)
  if (name !== undefined) return values.get(name) ?? null
  return Object.fromEntries(
    Object.entries(node).map(([key, member]) => [key, withValues(member, values)])
  )
}

/** Characters that mean something in Markdown. */
const meaning = /[!-/:-@[-`{-~]/gu

/** `{{name}}` replaced; in Markdown the value is text and nothing else. */
export const withTexts = (
  text: string,
  values: ParameterValues,
  kind: "plain" | "markdown" = "plain"
): string =>
  text.replace(/\{\{([a-z][a-zA-Z0-9_]{0,39})\}\}/gu, (whole, name) => {
    const value = values.get(name)
    if (value === undefined) return whole
    const said = String(value)
    return kind === "plain" ? said : said.replace(meaning, "\\$&").replace(/\s+/gu, " ")
  })
