import { documentedKinds } from "@analytics/analytics-core/query/Query"
import { Predicate, Struct } from "effect"
import type { SavedQuery } from "./Insight.ts"
import type { ResultOverrides } from "./ResultOverrides.ts"

/** What replaces or narrows what a query says. */
export type QueryOverrides = Omit<ResultOverrides, "fresh">

/**
 * A query with what it is asked with instead: a range for its range, a time zone for its own,
 * and filters that hold besides its own. Fields that its kind does not have are in it all
 * the same, so that its reader names them. The query of `people` that stands behind a number
 * is narrowed itself.
 */
export const overridden = (
  query: SavedQuery,
  { asOf, compare, filters = [], from, range, timezone, to }: QueryOverrides
): SavedQuery => {
  const moment = asOf === undefined ? {} : { asOf }
  const inner = Predicate.hasProperty(query["of"], "query")
    ? query["of"].query
    : undefined
  if (isObject(query["of"]) && isObject(inner))
    return {
      ...query,
      ...moment,
      of: {
        ...query["of"],
        query: overridden(inner, given({ compare, filters, from, range, timezone, to }))
      }
    }
  const ranged =
    range === undefined && from === undefined
      ? query
      : Struct.omit(query, ["range", "from", "to"])
  const own = Array.isArray(query["filters"]) ? query["filters"] : []
  return {
    ...ranged,
    ...moment,
    ...given({ range, from, to, timezone, compare }),
    // Those that were sent come first: their faults point at where they were sent.
    ...(filters.length === 0 ? {} : { filters: [...filters, ...own] })
  }
}

/** Which of these a query of this kind has no field for. */
export const notTaken = (
  query: SavedQuery,
  overrides: QueryOverrides
): ReadonlyArray<keyof QueryOverrides> => {
  const inner = Predicate.hasProperty(query["of"], "query")
    ? query["of"].query
    : undefined
  const asked = isObject(inner) ? inner : query
  const known = documentedKinds.find(({ kind }) => kind === asked["kind"])
  const fields =
    known && "fields" in known.request && !isOfOnePerson(asked)
      ? known.request.fields
      : {}
  return overridable.filter(
    (name) => overrides[name] !== undefined && !Predicate.hasProperty(fields, name)
  )
}

/** Who it is has been said: nothing narrows that. */
const isOfOnePerson = ({ id, kind, person }: SavedQuery): boolean =>
  kind === "people" && (id !== undefined || person !== undefined)

const overridable = [
  "range",
  "from",
  "to",
  "timezone",
  "filters",
  "compare"
] as const satisfies ReadonlyArray<keyof QueryOverrides>

const isObject = (value: unknown): value is SavedQuery =>
  Predicate.isObject(value) && !Array.isArray(value)

const given = <A extends Record<string, unknown>>(fields: A): GivenOf<A> => {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as GivenOf<A>
}

type GivenOf<A> = { [K in keyof A]?: Exclude<A[K], undefined> }
