import { Effect } from "effect"
import type { PeopleSelection, QueryContext } from "../Compiled.ts"
import { groupSql, onlyBy, within } from "../people/selection.ts"
import { QueryInvalid } from "../QueryInvalid.ts"
import { and, column, integer, type Sql, sql } from "../Sql.ts"
import type { FunnelRequest } from "./Funnel.ts"
import { planFunnel } from "./funnelPlan.ts"
import { filledSql } from "./funnelSql.ts"

/** Those who reached a step, or reached it and not the one after it. */
export const funnelPeople = Effect.fnUntraced(function* (
  request: FunnelRequest,
  selection: PeopleSelection,
  context: QueryContext
) {
  yield* onlyBy(selection, ["step", "droppedAfterStep", "breakdown"])
  const plan = yield* planFunnel(request, context)
  const { breakdown, sql: people } = filledSql(plan, context, [sql`person`])
  const group = yield* groupSql(
    breakdown.map((value, index) => ({ ...value, column: column("b", index) })),
    selection.breakdown
  )
  const steps = yield* stepsSql(selection, request.steps.length)
  const chosen: Sql = sql`SELECT person FROM (${people})
    WHERE ${and([...steps, ...group])}`
  return chosen
})

const stepsSql = Effect.fnUntraced(function* (
  { droppedAfterStep, step }: PeopleSelection,
  steps: number
) {
  if ((step === undefined) === (droppedAfterStep === undefined))
    return yield* QueryInvalid.at("/of/step", "Select either step or droppedAfterStep")
  if (step !== undefined) return [reached(yield* within("step", step, 1, steps))]
  const after = droppedAfterStep ?? 0
  if (steps === 1)
    return yield* QueryInvalid.at("/of/droppedAfterStep", "There is one step only")
  yield* within("droppedAfterStep", after, 1, steps - 1)
  return [reached(after), sql`f${integer(after + 1)} = 0`]
})

const reached = (step: number): Sql => sql`f${integer(step)} > 0`
