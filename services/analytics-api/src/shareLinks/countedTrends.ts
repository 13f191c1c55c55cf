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
import { type CountedLine, groupOf, trendsFloor } from "./floor/trendsFloor.ts"
import { scopeOf } from "./shareable.ts"

type Series = TrendsRequest["series"][number]

/** Asks for an answer; as of a watermark, if one is named. */
export type Ask = (
  query: object,
  asOf?: string
) => Effect.Effect<QueryAnswer, QueryProblem>

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
 * A trend whose every number has enough people behind it. They are counted by the same
 * request, so that both are of one moment and of the same groups.
 */
export const countedTrends = Effect.fn("countedTrends")(function* (
  request: TrendsRequest,
  floor: number,
  ask: Ask
) {
  const names = namesOf(request)
  // What a formula is made of keeps its name; in one of ours every name can stand.
  const nameOf = (index: number) =>
    request.formula === undefined ? alias(index) : (names[index] ?? alias(index))
  const isBrokenDown = (request.breakdown ?? []).length > 0
  // Without a formula each series has groups of its own.
  const parts =
    isBrokenDown && request.formula === undefined
      ? request.series.map((_, index) => [index])
      : [request.series.map((_, index) => index)]
  const main: Array<CountedLine> = []
  const earlier: Array<CountedLine> = []
  const formulas: { main: Array<TrendsSeries>; earlier: Array<TrendsSeries> } = {
    main: [],
    earlier: []
  }
  let first: { readonly answer: QueryAnswer; readonly result: TrendsResult } | undefined
  for (const part of parts) {
    const asked = part.flatMap((index) => {
      const series = request.series[index]
      return series ? [{ index, series }] : []
    })
    const answer: QueryAnswer = yield* ask(
      {
        ...request,
        series: [
          ...asked.map(({ index, series }) => ({ ...series, name: nameOf(index) })),
          ...asked.map(({ index, series }) => ({
            ...peopleOf(series),
            name: people(index)
          }))
        ],
        ...(request.formula === undefined && isBrokenDown
          ? {
              formula: asked
                .map(({ index }) => `${alias(index)} / ${people(index)}`)
                .join("+")
            }
          : {})
      },
      first?.answer.meta.asOf
    )
    const result = yield* Effect.orDie(decode(answer.result))
    first ??= { answer, result }
    for (const [lines, into, made] of [
      [result.series, main, formulas.main],
      [result.compare?.series ?? [], earlier, formulas.earlier]
    ] as const)
      for (const line of lines) {
        const found = asked.find(({ index }) => line.name === nameOf(index))
        if (found)
          into.push({
            line: { ...line, name: names[found.index] ?? line.name },
            people: peopleBehind(lines, line, people(found.index)),
            scope: scopeOf(found.series)
          })
        else if (request.formula !== undefined && !line.name.startsWith(PEOPLE))
          made.push(line)
      }
  }
  if (first === undefined) return yield* QueryInvalid.at("/series", "Expected a series")
  const { answer, result } = first
  const shown = {
    buckets: result.buckets,
    labels: result.labels,
    series: trendsFloor({ counted: main, formulas: formulas.main }, floor)
  }
  return {
    answer,
    result: result.compare
      ? {
          ...shown,
          compare: {
            buckets: result.compare.buckets,
            labels: result.compare.labels,
            series: trendsFloor({ counted: earlier, formulas: formulas.earlier }, floor)
          }
        }
      : shown
  }
})

const PEOPLE = "PeopleBehind"
const alias = (index: number) => `Line${index}`
const people = (index: number) => `${PEOPLE}${index}`

const peopleBehind = (
  lines: ReadonlyArray<TrendsSeries>,
  line: TrendsSeries,
  name: string
) =>
  lines.find((other) => other.name === name && groupOf(other) === groupOf(line))
    ?.data ?? []
