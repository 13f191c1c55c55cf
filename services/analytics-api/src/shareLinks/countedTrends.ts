import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { namesOf } from "@analytics/analytics-core/query/trends/TrendsPlan"
import type { TrendsRequest } from "@analytics/analytics-core/query/trends/TrendsRequest"
import {
  TrendsResult,
  type TrendsSeries
} from "@analytics/analytics-core/query/trends/TrendsResult"
import { Effect, Schema } from "effect"
import type { QueryProblem } from "../query/Queries.ts"
import type { QueryAnswer } from "../query/QueryAnswer.ts"
import { type CountedLine, type CountedLines, groupOf } from "./floor/trendsFloor.ts"
import { scopeOf } from "./shareable.ts"

type Series = TrendsRequest["series"][number]

/** Asks for an answer, always as of the same moment. */
export type Ask = (query: object) => Effect.Effect<QueryAnswer, QueryProblem>

/** A stretch of a trend: its buckets, and lines with the people behind their numbers. */
export interface CountedStretch extends CountedLines {
  readonly buckets: TrendsResult["buckets"]
  readonly labels: TrendsResult["labels"]
}

export interface CountedTrends extends CountedStretch {
  readonly compare?: CountedStretch
}

const decode = Schema.decodeUnknownEffect(TrendsResult)

/** Who did what a series counts; of numbers of a property, those with such a number. */
const peopleOf = ({
  event,
  filters = [],
  measure,
  property
}: Series): Omit<Series, "name"> => ({
  ...(event === undefined ? {} : { event }),
  measure: "unique_users",
  filters:
    (measure === "sum" || measure === "avg") && property !== undefined
      ? [
          ...filters,
          {
            or: [
              { property, op: "gte", value: 0 },
              { property, op: "lt", value: 0 }
            ]
          }
        ]
      : filters
})

/**
 * A trend with how many people are behind each of its numbers. They are counted by the
 * same request, so that both are of the same groups.
 */
export const countedTrends = Effect.fn("countedTrends")(function* (
  request: TrendsRequest,
  ask: Ask
) {
  const names = namesOf(request)
  const people = peopleNames(names)
  // What a formula is made of keeps its name; in one of ours every name can stand.
  const nameOf = (index: number) =>
    request.formula === undefined ? alias(index) : (names[index] ?? alias(index))
  const isBrokenDown = (request.breakdown ?? []).length > 0
  const isApart = isBrokenDown && request.formula === undefined
  // Without a formula each series has groups of its own.
  const parts = isApart
    ? request.series.map((_, index) => [index])
    : [request.series.map((_, index) => index)]
  const main = { counted: [] as CountedLine[], formulas: [] as TrendsSeries[] }
  const earlier = { counted: [] as CountedLine[], formulas: [] as TrendsSeries[] }
  let first: TrendsResult | undefined
  for (const part of parts) {
    const asked = part.flatMap((index) => {
      const series = request.series[index]
      return series ? [{ index, series }] : []
    })
    const answer: QueryAnswer = yield* ask({
      ...request,
      series: [
        ...asked.map(({ index, series }) => ({ ...series, name: nameOf(index) })),
        ...asked.map(({ index, series }) => ({
          ...peopleOf(series),
          name: people(index)
        }))
      ],
      ...(isApart
        ? {
            formula: asked
              .map(({ index }) => `${alias(index)} / ${people(index)}`)
              .join("+")
          }
        : {})
    })
    const result = yield* Effect.orDie(decode(answer.result))
    first ??= result
    for (const [lines, into] of [
      [result.series, main],
      [result.compare?.series ?? [], earlier]
    ] as const)
      for (const line of lines) {
        const found = asked.find(({ index }) => line.name === nameOf(index))
        if (found)
          into.counted.push({
            line: { ...line, name: names[found.index] ?? line.name },
            people: peopleBehind(lines, line, people(found.index)),
            scope: scopeOf(request, found.series)
          })
        else if (line.name === request.formula) into.formulas.push(line)
      }
  }
  if (first === undefined) return yield* QueryInvalid.at("/series", "Expected a series")
  const { buckets, compare, labels } = first
  return {
    buckets,
    labels,
    ...main,
    ...(compare
      ? { compare: { buckets: compare.buckets, labels: compare.labels, ...earlier } }
      : {})
  } satisfies CountedTrends
})

const alias = (index: number) => `Line${index}`

/** Names that no series has, for the lines that count people. */
const peopleNames = (names: ReadonlyArray<string>) => {
  let prefix = "PeopleBehind"
  while (names.some((name) => name.startsWith(prefix))) prefix += "_"
  return (index: number) => `${prefix}${index}`
}

const peopleBehind = (
  lines: ReadonlyArray<TrendsSeries>,
  line: TrendsSeries,
  name: string
) =>
  lines.find((other) => other.name === name && groupOf(other) === groupOf(line))
    ?.data ?? []
