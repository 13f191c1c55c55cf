import { Effect } from "effect"
import { rangeOf, type TimeRange, zoneOf } from "../Common.ts"
import type { QueryContext } from "../Compiled.ts"
import { type QueryFault, QueryInvalid } from "../QueryInvalid.ts"
import { type FunnelRequest, MAX_OVERLAPPING_UNORDERED } from "./Funnel.ts"
import type { FunnelShape } from "./FunnelShape.ts"

/** A funnel that can be answered. Steps and positions count from 1. */
export interface FunnelPlan {
  readonly request: FunnelRequest
  readonly range: TimeRange
  readonly shape: FunnelShape
  /** For each step of the request, which flag of a packed event stands for it. */
  readonly flags: ReadonlyArray<number>
  readonly breakdownStep: number
}

export const planFunnel = Effect.fn("planFunnel")(function* (
  request: FunnelRequest,
  context: QueryContext
) {
  const zone = yield* zoneOf(request, context)
  const range = yield* rangeOf(request, zone, context)
  const faults = faultsOf(request)
  if (faults.length > 0) return yield* Effect.fail(new QueryInvalid({ errors: faults }))
  const required = request.steps.filter((step) => !step.optional).length
  const order = request.order ?? "ordered"
  let [nextRequired, nextOptional] = [1, required + 1]
  const flags = request.steps.map((step) =>
    step.optional ? nextOptional++ : nextRequired++
  )
  const flagOf = (step: number) => flags[step - 1] ?? 0
  const shape: FunnelShape = {
    order,
    required,
    optional: request.steps.length - required,
    exclusions: (request.exclusions ?? []).map((exclusion) => ({
      from: flagOf(exclusion.fromStep),
      to: flagOf(exclusion.toStep)
    })),
    overlapping: overlaps(request),
    windowMs: Math.round(request.windowSeconds * 1000)
  }
  const plan: FunnelPlan = {
    request,
    range,
    shape,
    flags,
    breakdownStep: request.breakdownStep ?? 1
  }
  return plan
})

/** Conditions that name different events never match the same one. */
const overlaps = ({ steps, exclusions = [] }: FunnelRequest): boolean => {
  const names = new Set(steps.map(({ event }) => event))
  return (
    names.size < steps.length ||
    (names.has(undefined) && steps.length + exclusions.length > 1) ||
    exclusions.some(({ event }) => names.has(event))
  )
}

const faultsOf = (request: FunnelRequest): ReadonlyArray<QueryFault> => [
  ...stepFaults(request),
  ...exclusionFaults(request),
  ...breakdownFaults(request)
]

const stepFaults = (request: FunnelRequest): ReadonlyArray<QueryFault> => {
  const { steps } = request
  const order = request.order ?? "ordered"
  if (steps[0]?.optional)
    return [
      { pointer: "/steps/0/optional", detail: "An attempt begins with a required step" }
    ]
  if (order !== "ordered" && steps.some((step) => step.optional))
    return steps.flatMap((step, index) =>
      step.optional
        ? [
            {
              pointer: `/steps/${index}/optional`,
              detail: "Only an ordered funnel has optional steps"
            }
          ]
        : []
    )
  return order === "unordered" &&
    steps.length > MAX_OVERLAPPING_UNORDERED &&
    overlaps(request)
    ? [
        {
          pointer: "/steps",
          detail: `At most ${MAX_OVERLAPPING_UNORDERED} unordered steps when two of them can match the same event`
        }
      ]
    : []
}

const exclusionFaults = (request: FunnelRequest): ReadonlyArray<QueryFault> => {
  const exclusions = request.exclusions ?? []
  if (request.order === "unordered" && exclusions.length > 0)
    return [
      { pointer: "/exclusions", detail: "Unordered steps have no event between them" }
    ]
  return exclusions.flatMap(({ fromStep, toStep }, index) => {
    const pointer = `/exclusions/${index}`
    const ends = [
      ["fromStep", fromStep],
      ["toStep", toStep]
    ] as const
    const faults = ends.flatMap(([name, step]) => {
      const named = request.steps[step - 1]
      if (named === undefined)
        return [
          {
            pointer: `${pointer}/${name}`,
            detail: `Expected a step from 1 to ${request.steps.length}`
          }
        ]
      return named.optional
        ? [{ pointer: `${pointer}/${name}`, detail: "Expected a required step" }]
        : []
    })
    return faults.length === 0 && fromStep >= toStep
      ? [{ pointer: `${pointer}/toStep`, detail: "toStep must lie after fromStep" }]
      : faults
  })
}

const breakdownFaults = (request: FunnelRequest): ReadonlyArray<QueryFault> => {
  const step = request.breakdownStep
  if (step === undefined) return []
  if (request.breakdown === undefined)
    return [{ pointer: "/breakdownStep", detail: "There is no breakdown" }]
  return step >= 1 && step <= request.steps.length
    ? []
    : [
        {
          pointer: "/breakdownStep",
          detail: `Expected a step from 1 to ${request.steps.length}`
        }
      ]
}
