import type { LifecycleResult, StickinessResult } from "./activity.ts"
import type { FunnelResult } from "./funnel.ts"
import type { PathsResult } from "./paths.ts"
import type { Request } from "./requests.ts"
import type { RetentionResult } from "./retention.ts"
import type { SessionsResult } from "./sessions.ts"
import type { TrendsPart, TrendsResult } from "./trends.ts"

const sorted = <A>(items: ReadonlyArray<A>) =>
  items
    .map((item) => ({ item, text: JSON.stringify(item) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ item }) => item)

const ms = (instant: string | number) => new Date(instant).getTime()

const trendsPart = (part: TrendsPart) => ({
  buckets: part.buckets.map(ms),
  series: sorted(
    part.series
      // A group that one series lacks may be left out or be empty.
      .filter((one) => one.breakdown === null || one.data.some((value) => value))
      .filter((one) => !one.other || one.data.some((value) => value))
      .map((one) => ({
        name: /^[A-Z]$/.test(one.name) ? one.name : "formula",
        breakdown: one.other ? "other" : one.breakdown,
        data: one.data
      }))
  )
})

const comparableFunnel = (request: Request, result: FunnelResult) => {
  const steps = request.kind === "funnel" ? request.steps : []
  const optional = steps.some((step) => step.optional)
  const timed = request.kind === "funnel" && request.order !== "unordered" && !optional
  return sorted(
    result.groups.map((group) => ({
      breakdown: group.breakdown,
      steps: group.steps
        .filter((_, index) => steps[index]?.optional !== true)
        .map((step) => ({
          event: step.event,
          count: step.count,
          ...(timed
            ? { meanSeconds: step.meanSeconds, medianSeconds: step.medianSeconds }
            : {})
        }))
    }))
  )
}

interface WireLists {
  readonly people: ReadonlyArray<{
    readonly ids: ReadonlyArray<string>
    readonly traits: unknown
    readonly firstSeen: string | number
    readonly lastSeen: string | number
  }>
  readonly events: ReadonlyArray<{
    readonly messageId: string
    readonly event?: string
    readonly name?: string
    readonly at?: number
    readonly timestamp?: string
    readonly userId?: string | null
    readonly anonymousId?: string | null
    readonly properties: unknown
  }>
}

const comparableLists = {
  people: (result: WireLists) =>
    sorted(
      result.people.map(({ ids, traits, firstSeen, lastSeen }) => ({
        ids: ids.toSorted(),
        traits,
        firstSeen: ms(firstSeen),
        lastSeen: ms(lastSeen)
      }))
    ),
  events: (result: WireLists) =>
    result.events.map((one) => ({
      messageId: one.messageId,
      event: one.name ?? one.event,
      at: one.at ?? ms(one.timestamp ?? ""),
      userId: one.userId ?? null,
      anonymousId: one.anonymousId ?? null
    }))
}

/** What of an answer is defined, in a form in which two answers are equal or not. */
export const comparable = (request: Request, answer: object): unknown => {
  switch (request.kind) {
    case "trends": {
      const result = answer as TrendsResult
      return {
        ...trendsPart(result),
        ...(result.compare ? { compare: trendsPart(result.compare) } : {})
      }
    }
    case "funnel":
      return comparableFunnel(request, answer as FunnelResult)
    case "retention":
      return (answer as RetentionResult).cohorts.map(({ start, size, counts }) => ({
        start: ms(start),
        size,
        counts
      }))
    case "stickiness":
      return (answer as StickinessResult).counts
    case "lifecycle": {
      const result = answer as LifecycleResult
      return {
        buckets: result.buckets.map(ms),
        new: result.new,
        returning: result.returning,
        resurrecting: result.resurrecting,
        dormant: result.dormant
      }
    }
    case "sessions": {
      const result = answer as SessionsResult
      return {
        buckets: result.buckets.map(ms),
        series: sorted(
          result.series.map(({ breakdown, data }) => ({ breakdown, data }))
        ),
        count: result.count,
        people: result.people,
        bounceRate: result.bounceRate,
        durationsSeconds: result.durationsSeconds,
        eventsPerSession: result.eventsPerSession,
        entry: sorted(result.entry),
        exit: sorted(result.exit)
      }
    }
    case "paths":
      return sorted(
        (answer as PathsResult).edges.map(({ from, to, position, count }) => ({
          from,
          to,
          ...(position === undefined ? {} : { position }),
          count
        }))
      )
    case "people":
      return comparableLists.people(answer as WireLists)
    case "events":
      return comparableLists.events(answer as WireLists)
  }
}

/** Numbers to nine digits, so that the order in which they were added does not matter. */
export const rounded = (value: unknown): unknown => {
  if (typeof value === "number") return Number(value.toPrecision(9))
  if (Array.isArray(value)) return value.map(rounded)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, rounded(one)])
  )
}
