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

/** A request whose answer has, for each series of a trend, a line that counts people. */
interface CountingRequest {
  readonly body: object
  readonly asked: ReadonlyArray<{
    readonly series: Series
    /** As it is called in the answer, and as in the trend. */
    readonly alias: string
    readonly name: string
    /** Of the line that counts the people behind it. */
    readonly people: string
  }>
}

/**
 * What is asked to answer a trend with the people behind its numbers: both by the same
 * request, so that both are of the same groups. Without a formula each series has groups of
 * its own, and a request of its own.
 */
export const countingRequests = (
  request: TrendsRequest
): ReadonlyArray<CountingRequest> => {
  const { breakdown = [], formula } = request
  const names = namesOf(request)
  const people = peopleNames(names)
  const all = request.series.map((series, index) => {
    const name = names[index] ?? aliasOf(index)
    // What a formula is made of keeps its name; in one of ours every name can stand.
    const alias = formula === undefined ? aliasOf(index) : name
    return { series, alias, name, people: people(index) }
  })
  const isApart = breakdown.length > 0 && formula === undefined
  return (isApart ? all.map((one) => [one]) : [all]).map((asked) => ({
    asked,
    body: {
      ...request,
      series: [
        ...asked.map(({ alias, series }) => ({ ...series, name: alias })),
        ...asked.map((each) => ({ ...peopleOf(each.series), name: each.people }))
      ],
      // A formula gives all its series the groups of the first.
      ...(isApart
        ? {
            formula: asked.map(({ alias, people }) => `${alias} / ${people}`).join("+")
          }
        : {})
    }
  }))
}

/** A trend with how many people are behind each of its numbers. */
export const countedTrends = Effect.fn("countedTrends")(function* (
  request: TrendsRequest,
  ask: Ask
) {
  const main = { counted: [] as CountedLine[], formulas: [] as TrendsSeries[] }
  const earlier = { counted: [] as CountedLine[], formulas: [] as TrendsSeries[] }
  let first: TrendsResult | undefined
  for (const { asked, body } of countingRequests(request)) {
    const answer: QueryAnswer = yield* ask(body)
    const result = yield* Effect.orDie(decode(answer.result))
    first ??= result
    for (const [lines, into] of [
      [result.series, main],
      [result.compare?.series ?? [], earlier]
    ] as const)
      for (const line of lines) {
        const found = asked.find(({ alias }) => line.name === alias)
        if (found)
          into.counted.push({
            line: { ...line, name: found.name },
            people: peopleBehind(lines, line, found.people),
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

const aliasOf = (index: number) => `Line${index}`

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
