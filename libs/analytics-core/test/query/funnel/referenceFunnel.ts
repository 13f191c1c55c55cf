/** An event of one person, with what it matches: steps and exclusions counted from 0. */
export interface ReferenceEvent {
  readonly at: number
  readonly messageId: string
  readonly steps: ReadonlySet<number>
  readonly exclusions: ReadonlySet<number>
  readonly value?: string
}

export interface ReferenceFunnel {
  readonly order: "ordered" | "strict" | "unordered"
  /** Required steps, in order. */
  readonly steps: number
  /** Between which steps, counted from 0. */
  readonly exclusions: ReadonlyArray<{ readonly from: number; readonly to: number }>
  readonly windowMs: number
}

/**
 * The times of a person's earliest furthest attempt, found by trying every attempt there
 * is: any choice of events for the first so many steps.
 */
export const furthestAttempt = (
  funnel: ReferenceFunnel,
  events: ReadonlyArray<ReferenceEvent>
): ReadonlyArray<number> => {
  const attempts =
    funnel.order === "strict"
      ? arrangements(events).flatMap((sequence) => adjacentAttempts(funnel, sequence))
      : funnel.order === "ordered"
        ? orderedAttempts(funnel, events, [])
        : anyOrderAttempts(funnel, events, new Map())
  return attempts.reduce((best, times) => (isBetter(times, best) ? times : best), [])
}

const isBetter = (times: ReadonlyArray<number>, best: ReadonlyArray<number>) => {
  if (times.length !== best.length) return times.length > best.length
  const different = times.findIndex((time, index) => time !== best[index])
  return different >= 0 && (times[different] ?? 0) < (best[different] ?? 0)
}

/** Every way to fill the next step by a later or simultaneous event not used yet. */
const orderedAttempts = (
  funnel: ReferenceFunnel,
  events: ReadonlyArray<ReferenceEvent>,
  taken: ReadonlyArray<ReferenceEvent>
): ReadonlyArray<ReadonlyArray<number>> => {
  const step = taken.length
  const last = taken.at(-1)
  const next = events.filter(
    (event) =>
      step < funnel.steps &&
      event.steps.has(step) &&
      !taken.includes(event) &&
      (last === undefined || event.at >= last.at)
  )
  return [
    taken.map(({ at }) => at),
    ...next.flatMap((event) => {
      const longer = [...taken, event]
      return holds(funnel, events, longer)
        ? orderedAttempts(funnel, events, longer)
        : []
    })
  ]
}

const holds = (
  funnel: ReferenceFunnel,
  events: ReadonlyArray<ReferenceEvent>,
  taken: ReadonlyArray<ReferenceEvent>
): boolean => {
  const times = taken.map(({ at }) => at)
  const end = times.at(-1) ?? 0
  const isExcluded = funnel.exclusions.some(({ from, to }, index) => {
    const start = times[from]
    const stop = times[to] ?? end
    return events.some(
      (event) =>
        event.exclusions.has(index) &&
        start !== undefined &&
        event.at > start &&
        event.at < stop
    )
  })
  return end - (times[0] ?? end) <= funnel.windowMs && !isExcluded
}

/** Every order of the events that their times allow. */
const arrangements = (
  events: ReadonlyArray<ReferenceEvent>
): ReadonlyArray<ReadonlyArray<ReferenceEvent>> => {
  if (events.length === 0) return [[]]
  const earliest = Math.min(...events.map(({ at }) => at))
  return events.flatMap((event) =>
    event.at === earliest
      ? arrangements(events.filter((other) => other !== event)).map((rest) => [
          event,
          ...rest
        ])
      : []
  )
}

const adjacentAttempts = (
  funnel: ReferenceFunnel,
  sequence: ReadonlyArray<ReferenceEvent>
): ReadonlyArray<ReadonlyArray<number>> =>
  sequence.flatMap((_, start) =>
    Array.from({ length: funnel.steps }, (_, index) =>
      sequence.slice(start, start + index + 1)
    )
      .filter(
        (run, index) =>
          run.length === index + 1 &&
          run.every((event, step) => event.steps.has(step)) &&
          holds(funnel, sequence, run)
      )
      .map((run) => run.map(({ at }) => at))
  )

/** Every way to give different steps different events inside one window. */
const anyOrderAttempts = (
  funnel: ReferenceFunnel,
  events: ReadonlyArray<ReferenceEvent>,
  taken: ReadonlyMap<number, ReferenceEvent>,
  step = 0
): ReadonlyArray<ReadonlyArray<number>> => {
  if (step === funnel.steps) {
    const times = [...taken.values()].map(({ at }) => at).sort((a, b) => a - b)
    const length = (times.at(-1) ?? 0) - (times[0] ?? 0)
    return length <= funnel.windowMs ? [times] : []
  }
  const used = [...taken.values()]
  return [
    ...anyOrderAttempts(funnel, events, taken, step + 1),
    ...events
      .filter((event) => event.steps.has(step) && !used.includes(event))
      .flatMap((event) =>
        anyOrderAttempts(funnel, events, new Map([...taken, [step, event]]), step + 1)
      )
  ]
}
