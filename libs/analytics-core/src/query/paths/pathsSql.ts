import type { TimeRange } from "../Common.ts"
import type { QueryContext } from "../Compiled.ts"
import { stepValue } from "../pagePath.ts"
import { column, integer, type Sql, sql, strings } from "../Sql.ts"
import { SESSION_TIMEOUT, sessionsSql } from "../sessionsSql.ts"
import { storedTexts } from "../storedTexts.ts"
import { type Value, Values } from "../Values.ts"
import { MAX_EDGES, type PathsRequest, type Step } from "./Paths.ts"

export interface StepsSql {
  /** One row a session with its `person` and the array `steps` of texts. */
  readonly sql: Sql
  readonly kind: Value["kind"]
}

/** The steps of every session, cut by start, end and length, in this order. */
export const stepsSql = (
  request: PathsRequest,
  range: TimeRange,
  context: QueryContext
): StepsSql => {
  const values = new Values()
  const step = stepValue(request.property, values)
  const sessions = sessionsSql(context, {
    range,
    timeoutMs:
      request.timeoutSeconds === undefined
        ? SESSION_TIMEOUT
        : request.timeoutSeconds * 1000,
    includeBots: request.includeBots ?? false,
    match: { filters: request.filters ?? [] },
    values,
    carried: [step]
  })
  const present = sql`arrayFilter(step -> step != '', ${sessions.value(sql`session`, 0)})`
  const steps =
    request.collapseRepeats === false ? present : sql`arrayCompact(${present})`
  const { contains, end, maxSteps = 5, start } = request
  const cuts: ReadonlyArray<Cut> = [
    ...(start === undefined
      ? []
      : [
          (all: Sql) => ({
            at: sql`arrayFirstIndex(step -> ${is(start, step)}, ${all})`,
            kept: sql`arraySlice(${all}, at)`
          })
        ]),
    ...(end === undefined
      ? []
      : [
          (all: Sql) => ({
            at: sql`arrayFirstIndex((step, position) -> position > ${integer(start === undefined ? 0 : 1)} AND ${is(end, step)}, ${all}, arrayEnumerate(${all}))`,
            kept: sql`arraySlice(${all}, 1, at)`
          })
        ])
  ]
  const cut = cuts.reduce(
    (from, of, index) => {
      const next = column("step", index + 1)
      const { at, kept } = of(from.steps)
      return {
        sql: sql`SELECT person, ${kept} AS ${next} FROM (SELECT person, ${from.steps}, ${at} AS at FROM (${from.sql})) WHERE at > 0`,
        steps: next
      }
    },
    {
      sql: sql`SELECT person, ${steps} AS ${column("step", 0)} FROM (${sessions.sql})`,
      steps: column("step", 0)
    }
  )
  const having =
    contains === undefined
      ? sql``
      : sql` WHERE arrayExists(step -> ${is(contains, step)}, steps)`
  return {
    kind: step.kind,
    sql: sql`SELECT person, arraySlice(${cut.steps}, 1, ${integer(maxSteps)}) AS steps FROM (${cut.sql})${having}`
  }
}

/** Where a cut falls in the steps (0: nowhere) and, with that as `at`, what stays. */
type Cut = (steps: Sql) => { readonly at: Sql; readonly kept: Sql }

/** Whether `step` is that value. */
const is = (value: Step, { kind }: Value): Sql =>
  sql`step IN ${strings(storedTexts(kind, value))}`

/** Transitions by `position` or over all, the most frequent first. */
export const edgesSql = (request: PathsRequest, { sql: steps }: StepsSql): Sql => {
  const hasPositions = request.positions ?? true
  const edge = hasPositions ? sql`origin, target, position` : sql`origin, target`
  const position = hasPositions
    ? sql`, arrayEnumerate(arrayPopBack(steps)) AS position`
    : sql``
  const order = hasPositions ? sql`sessions DESC, position` : sql`sessions DESC`
  // By columns of their own: to group by tuples takes a fifth longer.
  return sql`SELECT ${edge}, count() AS sessions FROM (${steps})
    ARRAY JOIN arrayPopBack(steps) AS origin, arrayPopFront(steps) AS target${position}
    GROUP BY ${edge} HAVING sessions >= ${integer(request.minCount ?? 1)}
    ORDER BY ${order}, origin, target LIMIT ${integer(MAX_EDGES + 1)}`
}
