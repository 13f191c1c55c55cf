import { matches, picked, propertyOf } from "./filters.ts"
import type { Json, OracleEvent, World } from "./Model.ts"
import { type FunnelRequest, type FunnelStep, rangeOf } from "./requests.ts"
import { mean, quantile } from "./statistics.ts"

export interface FunnelRow {
  readonly event: string
  readonly count: number
  readonly meanSeconds: number | null
  readonly medianSeconds: number | null
}

export interface FunnelResult {
  readonly groups: ReadonlyArray<{
    readonly breakdown: readonly [Json] | null
    readonly steps: ReadonlyArray<FunnelRow>
  }>
}

/** The event that filled each step; a hole where an optional one was left out. */
type Chain = ReadonlyArray<OracleEvent | null>

interface Rules {
  readonly fills: (event: OracleEvent, step: FunnelStep) => boolean
  readonly windowMs: number
  readonly request: FunnelRequest
}

const depth = (chain: Chain) => chain.filter((event) => event !== null).length

/** Whether a forbidden event lies strictly between the steps it names. */
const broken = (chain: Chain, events: ReadonlyArray<OracleEvent>, rules: Rules) =>
  (rules.request.exclusions ?? []).some((exclusion) => {
    const after = chain[exclusion.fromStep - 1]
    const before = chain[Math.min(exclusion.toStep, chain.length) - 1]
    if (!after || !before || chain.length <= exclusion.fromStep) return false
    return events.some(
      (event) =>
        event.name === exclusion.event && event.at > after.at && event.at < before.at
    )
  })

const extensions = (
  chain: Chain,
  events: ReadonlyArray<OracleEvent>,
  rules: Rules
): ReadonlyArray<Chain> => {
  const step = rules.request.steps[chain.length]
  const entry = chain[0]
  const last = chain.findLast((event) => event !== null)
  if (step === undefined || !entry || !last) return []
  const usable = events.filter(
    (event) =>
      event.at >= last.at &&
      event.at <= entry.at + rules.windowMs &&
      !chain.includes(event) &&
      rules.fills(event, step)
  )
  const strict = rules.request.order === "strict"
  const next = events[events.indexOf(last) + 1]
  const chosen = strict ? usable.filter((event) => event === next) : usable
  const filled = chosen
    .map((event) => [...chain, event])
    .filter((longer) => !broken(longer, events, rules))
  return step.optional ? [...filled, [...chain, null]] : filled
}

/** The furthest attempts from one entry, by trying every choice of events. */
const furthest = (
  chain: Chain,
  events: ReadonlyArray<OracleEvent>,
  rules: Rules
): Chain => {
  let best = chain
  for (const longer of extensions(chain, events, rules)) {
    const found = furthest(longer, events, rules)
    const reached = (one: Chain) => one.findLastIndex((event) => event !== null)
    const better =
      reached(found) - reached(best) ||
      depth(found) - depth(best) ||
      earlier(found, best)
    if (better > 0) best = found
  }
  return best
}

/**
 * Positive when the first chain has its events earlier, step by step, or, with all at the
 * same times, those with the first message ids.
 */
const earlier = (a: Chain, b: Chain): number => {
  for (const [index, event] of a.entries()) {
    const gain = (b[index]?.at ?? 0) - (event?.at ?? 0)
    if (gain !== 0) return gain
  }
  for (const [index, event] of a.entries()) {
    const [mine, other] = [event?.messageId ?? "", b[index]?.messageId ?? ""]
    if (mine !== other) return mine < other ? 1 : -1
  }
  return 0
}

/** The most steps that distinct events of a list can fill. */
const filledSteps = (
  events: ReadonlyArray<OracleEvent>,
  steps: ReadonlyArray<FunnelStep>,
  rules: Rules
): number => {
  const [step, ...rest] = steps
  if (step === undefined) return 0
  const choices = events
    .filter((event) => rules.fills(event, step))
    .map(
      (event) =>
        1 +
        filledSteps(
          events.filter((one) => one !== event),
          rest,
          rules
        )
    )
  return Math.max(filledSteps(events, rest, rules), ...choices)
}

const unordered = (events: ReadonlyArray<OracleEvent>, rules: Rules): number => {
  const { steps } = rules.request
  const useful = events.filter((event) =>
    steps.some((step) => rules.fills(event, step))
  )
  return Math.max(
    0,
    ...useful.map((start) =>
      filledSteps(
        useful.filter(
          (event) => event.at >= start.at && event.at <= start.at + rules.windowMs
        ),
        steps,
        rules
      )
    )
  )
}

const ordered = (events: ReadonlyArray<OracleEvent>, rules: Rules): Chain => {
  const [first] = rules.request.steps
  let best: Chain = []
  for (const event of events) {
    if (first === undefined || !rules.fills(event, first)) continue
    const found = furthest([event], events, rules)
    const reached = (one: Chain) => one.findLastIndex((filled) => filled !== null)
    const better = reached(found) - reached(best) || earlier(found, best)
    if (better > 0) best = found
  }
  return best
}

const permutations = <A>(items: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  items.length <= 1
    ? [items]
    : items.flatMap((item, index) =>
        permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest])
      )

/** Events of one instant count as in order: every order in which they may stand. */
const arrangements = (
  events: ReadonlyArray<OracleEvent>
): ReadonlyArray<ReadonlyArray<OracleEvent>> =>
  [...Map.groupBy(events, (event) => event.at).values()].reduce<
    ReadonlyArray<ReadonlyArray<OracleEvent>>
  >(
    (before, tied) =>
      before.flatMap((some) => permutations(tied).map((next) => [...some, ...next])),
    [[]]
  )

const strict = (events: ReadonlyArray<OracleEvent>, rules: Rules): Chain =>
  arrangements(events).reduce<Chain>((best, sequence) => {
    const found = ordered(sequence, rules)
    const better = found.length - best.length || earlier(found, best)
    return better > 0 ? found : best
  }, [])

const rowsOf = (request: FunnelRequest, chains: ReadonlyArray<Chain>) =>
  request.steps.map((step, index): FunnelRow => {
    const seconds = chains.flatMap((chain) => {
      const event = chain[index]
      const previous = chain.slice(0, index).findLast((one) => one !== null)
      return event && previous ? [(event.at - previous.at) / 1000] : []
    })
    return {
      event: step.event,
      count: chains.filter((chain) => chain[index]).length,
      meanSeconds: mean(seconds),
      medianSeconds: quantile(seconds, 0.5)
    }
  })

/** People per step, by their furthest attempt. Times of unordered funnels are not judged. */
export const funnel = (world: World, request: FunnelRequest): FunnelResult => {
  const { from, to } = rangeOf(request)
  const rules: Rules = {
    request,
    windowMs: request.windowSeconds * 1000,
    fills: (event, step) => picked(world, event, step)
  }
  const seen = world.events.filter(
    (event) =>
      event.activity &&
      event.at >= from &&
      event.at < to &&
      (request.filters ?? []).every((filter) => matches(world, event, filter))
  )
  const people = [...Map.groupBy(seen, (event) => event.person).values()]
  if (request.order === "unordered") {
    const reached = people.map((events) => unordered(events, rules))
    const steps = request.steps.map((step, index) => ({
      event: step.event,
      count: reached.filter((count) => count > index).length,
      meanSeconds: null,
      medianSeconds: null
    }))
    return { groups: [{ breakdown: null, steps }] }
  }
  const chains = people
    .map((events) =>
      request.order === "strict" ? strict(events, rules) : ordered(events, rules)
    )
    .filter((chain) => chain.length > 0)
  const property = request.breakdown?.[0]
  if (property === undefined)
    return { groups: [{ breakdown: null, steps: rowsOf(request, chains) }] }
  const valueAt = (chain: Chain) => {
    const event = chain[(request.breakdownStep ?? 1) - 1]
    return event ? propertyOf(world, event, property) : null
  }
  const groups = Map.groupBy(chains, (chain) => JSON.stringify(valueAt(chain)))
  return {
    groups: [...groups.values()].map((mine) => ({
      breakdown: [valueAt(mine[0] ?? [])],
      steps: rowsOf(request, mine)
    }))
  }
}
