import { Predicate } from "effect"
import { isRange, type ParameterValues, withValues } from "../definitions/parameters.ts"
import type { Definition, Section } from "../definitions/ReportDefinition.ts"
import { rangeAt } from "../runs/sectionQuery.ts"

/** Of the report, when it names none: as its making has it. */
const USUAL_RANGE = "last_7d"

/** Queries of a section, and undefined for each question that is only known elsewhere. */
const questionsOf = (
  section: Section
): ReadonlyArray<Readonly<Record<string, unknown>> | undefined> => {
  switch (section.type) {
    case "query":
    case "table":
      return [section.query]
    case "metrics":
      return section.metrics.map(({ query }) => query)
    case "insight":
      return [undefined]
    default:
      return []
  }
}

/**
 * Up to when data must be there for a report that is made as of `at`: where the last of its
 * ranges ends, and never later than `at`. Epoch milliseconds.
 */
export const completeAt = (
  definition: Definition,
  values: ParameterValues,
  timezone: string,
  at: number
): number => {
  const endOf = (range: unknown, zone: string, weekStart?: unknown): number => {
    if (typeof range !== "string" || !isRange(range)) return at
    const found = rangeAt(range, zone, at, weekStart)
    return found === undefined ? at : Math.min(at, Date.parse(found.to))
  }
  const ofReport = endOf(withValues(definition.range, values) ?? USUAL_RANGE, timezone)
  const endOfQuery = (query: Readonly<Record<string, unknown>>): number => {
    const body = withValues(query, values)
    if (!Predicate.isObject(body)) return at
    const asked: Readonly<Record<string, unknown>> = { ...body }
    const { range, timezone: own, to, weekStart } = asked
    const zone = typeof own === "string" ? own : timezone
    // SQL says itself which time it is of, and people are those of another question.
    if (asked["kind"] === "sql" || asked["of"] !== undefined) return at
    if (range !== undefined) return endOf(range, zone, weekStart)
    if (typeof to !== "string") return ofReport
    const end = Date.parse(to)
    return Number.isNaN(end) ? at : Math.min(at, end)
  }
  const ends = definition.sections.flatMap((section) =>
    questionsOf(section).map((query) =>
      query !== undefined
        ? endOfQuery(query)
        : definition.range === undefined
          ? at
          : ofReport
    )
  )
  return ends.length === 0 ? ofReport : Math.max(...ends)
}
