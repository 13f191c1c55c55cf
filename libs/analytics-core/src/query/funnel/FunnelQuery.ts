import { Effect } from "effect"
import { breakdownValue } from "../breakdownValue.ts"
import { type Compiled, type QueryKind, type Row, statement } from "../Compiled.ts"
import {
  type FunnelGroup,
  FunnelRequest,
  FunnelResult,
  type FunnelStepResult,
  funnelExample
} from "./Funnel.ts"
import { funnelPeople } from "./funnelPeople.ts"
import { type FunnelPlan, planFunnel } from "./funnelPlan.ts"
import { type FunnelSql, funnelSql } from "./funnelSql.ts"

/** How many people come how far through a sequence of steps, and how long they take. */
export const funnelQuery: QueryKind<FunnelRequest, FunnelResult> = {
  kind: "funnel",
  request: FunnelRequest,
  result: FunnelResult,
  example: funnelExample,
  compile: (request, context) =>
    Effect.map(planFunnel(request, context), (plan): Compiled<FunnelResult> => {
      const compiled = funnelSql(plan, context)
      return {
        statements: [statement("funnel", compiled.sql)],
        decode: ([rows = []]) => ({
          groups: rows.map((row) => groupOf(plan, compiled, row))
        })
      }
    }),
  people: funnelPeople
}

const groupOf = (plan: FunnelPlan, { breakdown }: FunnelSql, row: Row): FunnelGroup => {
  const other = Number(row["other"] ?? 0) === 1
  return {
    breakdown:
      breakdown.length === 0 || other
        ? null
        : breakdown.map((value, index) =>
            breakdownValue(value.kind, String(row[`b${index}`]))
          ),
    other,
    steps: stepsOf(plan, row)
  }
}

const stepsOf = (plan: FunnelPlan, row: Row): ReadonlyArray<FunnelStepResult> => {
  const counts = plan.flags.map((_, index) => Number(row[`n${index + 1}`]))
  const first = counts[0] ?? 0
  let previous = first
  return plan.request.steps.map((step, index) => {
    const count = counts[index] ?? 0
    const result = {
      event: step.event ?? null,
      count,
      rateFromPrevious: rate(count, previous),
      rateFromFirst: rate(count, first),
      meanSeconds: index === 0 ? null : seconds(row[`mean${index + 1}`], count),
      medianSeconds: index === 0 ? null : seconds(row[`median${index + 1}`], count)
    }
    // Those who left out an optional step come from the required one before it.
    if (!step.optional) previous = count
    return result
  })
}

const rate = (count: number, of: number) => (of === 0 ? null : count / of)

const seconds = (milliseconds: unknown, count: number) =>
  count === 0 ? null : Number(milliseconds) / 1000
