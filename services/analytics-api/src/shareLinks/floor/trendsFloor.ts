import type {
  TrendsResult,
  TrendsSeries
} from "@analytics/analytics-core/query/trends/TrendsResult"
import { apart } from "./apart.ts"

/** A line of an answer with the line that counts the people behind each of its numbers. */
export interface CountedLine {
  readonly line: TrendsSeries
  readonly people: ReadonlyArray<number | null>
  /** The same for lines about the same events: they have the same people behind them. */
  readonly scope: string
}

export interface CountedLines {
  readonly counted: ReadonlyArray<CountedLine>
  /** Made of the others. */
  readonly formulas: ReadonlyArray<TrendsSeries>
}

/** Whether the number of a line about these events may be shown in a bucket. */
export type IsShown = (scope: string, line: TrendsSeries, bucket: number) => boolean

/** Which group of a breakdown. */
export const groupOf = ({ breakdown, other }: TrendsSeries): string =>
  JSON.stringify([breakdown, other])

/**
 * A number is shown if enough people are behind it, and, within a group and bucket, enough
 * between it and those about other events, as all who buy may be among those who look.
 *
 * @param counted lines of the same buckets, of all answers that are shown together
 */
export const keptApart = (
  counted: ReadonlyArray<CountedLine>,
  floor: number
): IsShown => {
  const shownAt = new Map<string, boolean>()
  const place = (scope: string, group: string, bucket: number) =>
    JSON.stringify([scope, group, bucket])
  for (const [group, lines] of Map.groupBy(counted, ({ line }) => groupOf(line))) {
    const buckets = Math.max(0, ...lines.map(({ people }) => people.length))
    for (let bucket = 0; bucket < buckets; bucket++) {
      const scopes = new Map<string, number>()
      for (const { people, scope } of lines) {
        const count = people[bucket] ?? 0
        scopes.set(scope, Math.min(count, scopes.get(scope) ?? count))
      }
      const shown = apart([...scopes.values()], floor)
      for (const [index, scope] of [...scopes.keys()].entries())
        shownAt.set(place(scope, group, bucket), shown[index] ?? false)
    }
  }
  return (scope, line, bucket) =>
    shownAt.get(place(scope, groupOf(line), bucket)) ?? false
}

/**
 * The lines with null where a number is not shown. A formula is shown where all it may be
 * made of is. A group without a number is not named.
 */
export const hiding = (
  { counted, formulas }: CountedLines,
  isShown: IsShown
): TrendsResult["series"] => {
  const scopes = new Set(counted.map(({ scope }) => scope))
  const allShown: IsShown = (_, line, bucket) =>
    [...scopes].every((scope) => isShown(scope, line, bucket))
  return [
    ...counted.map(({ line, scope }) => hidden(line, scope, isShown)),
    ...formulas.map((line) => hidden(line, "", allShown))
  ].filter(
    ({ breakdown, data, other }) =>
      (breakdown === null && !other) || data.some((value) => value !== null)
  )
}

const hidden = (line: TrendsSeries, scope: string, isShown: IsShown) => ({
  ...line,
  data: line.data.map((value, bucket) => (isShown(scope, line, bucket) ? value : null))
})
