import type { Filter } from "@analytics/analytics-core/query/Filter"
import type { FeatureSpec } from "../../src/features/FeatureSpec.ts"
import type { TrainingRequest } from "../../src/features/featureRows.ts"
import type { Population } from "../../src/features/Population.ts"
import { DAY, hashOf, nobody, textOf, type World, type WorldEvent } from "./World.ts"

/** An event as the definitions see it: with its person, in the order of time. */
interface Seen extends WorldEvent {
  readonly person: bigint
  readonly order: number
}

export interface ReferenceRow {
  readonly person: bigint
  readonly label: number
  readonly features: ReadonlyArray<number>
  readonly id: string | undefined
}

/** What docs/features.md says, in plain loops. */
export const referenceRows = (
  world: World,
  request: Pick<TrainingRequest, "features" | "target" | "population" | "known">,
  cut: number,
  watermark: number
): ReadonlyArray<ReferenceRow> => {
  const { known = "now" } = request
  const knownBy =
    known === "now"
      ? watermark
      : Math.min(watermark, cut + known.withinHours * 3_600_000)
  const past = seenBy(world, knownBy).filter(({ at }) => at < cut)
  const present = seenBy(world, watermark)
  const byPerson = Map.groupBy(past, ({ person }) => person)
  return [...byPerson]
    .filter(([, events]) => isLookedAt(events, request.population, cut))
    .map(([person, events]) => {
      const now = known === "now" ? person : personAt(world, person, watermark)
      const did = present.some(
        (event) =>
          event.person === now &&
          !event.isBot &&
          event.at >= cut &&
          event.at < cut + request.target.days * DAY &&
          matches(event, request.target)
      )
      return {
        person,
        label: did === (request.target.outcome !== "does_not") ? 1 : 0,
        features: request.features.map((spec) => featureOf(spec, events, cut)),
        id: newestId(events, reachOf(request), cut)
      }
    })
    .sort((a, b) => (a.person < b.person ? -1 : 1))
}

/** Events known by then, of people who are not erased, with whom they are of. */
const seenBy = (world: World, instant: number): ReadonlyArray<Seen> =>
  world.events
    .map((event, order) => ({
      ...event,
      order,
      person: event.isNobody ? nobody(order) : personOf(world, event.id, instant)
    }))
    .filter(
      (event) =>
        event.knownAt <= instant && (event.isNobody || !world.erased.includes(event.id))
    )
    .sort((a, b) => a.at - b.at || a.order - b.order)

const personOf = (world: World, id: number, instant: number): bigint => {
  const newest = world.links
    .map((link, version) => ({ ...link, version }))
    .filter(
      (link) =>
        link.id === id &&
        link.knownAt <= instant &&
        !world.erased.includes(link.id) &&
        !world.erased.includes(link.person)
    )
    .sort((a, b) => b.knownAt - a.knownAt || b.version - a.version)[0]
  return hashOf(newest?.person ?? id)
}

/** Whom the number of a person of an earlier moment stands for. */
const personAt = (world: World, person: bigint, instant: number): bigint =>
  person % hashOf(1) === 0n
    ? personOf(world, Number(person / hashOf(1)), instant)
    : person

const isActivity = ({ name }: WorldEvent) => !name.startsWith("$")

interface Match {
  readonly event?: string
  readonly filters?: ReadonlyArray<Filter>
}

const matches = (event: WorldEvent, { event: name, filters = [] }: Match): boolean =>
  (name === undefined ? isActivity(event) : event.name === name) &&
  filters.every((filter) => {
    if (!("op" in filter)) throw new Error("the oracle knows no such filter")
    const value = event.props[filter.property]
    const leaves = Array.isArray(value) ? value : [value]
    return leaves.some((leaf: unknown) =>
      filter.op === "is"
        ? leaf === filter.value
        : typeof leaf === "number" && leaf > Number(filter.value)
    )
  })

const within = (
  events: ReadonlyArray<Seen>,
  match: Match & { readonly days?: number },
  cut: number
) =>
  events.filter(
    (event) =>
      // Bots and those who name nobody tell nothing but traits.
      !event.isBot &&
      !event.isNobody &&
      event.at >= (match.days === undefined ? 0 : cut - match.days * DAY) &&
      matches(event, match)
  )

const isLookedAt = (
  events: ReadonlyArray<Seen>,
  { did, didNot }: Population,
  cut: number
) =>
  within(events, did ?? { days: 90 }, cut).length > 0 &&
  (didNot === undefined || within(events, didNot, cut).length === 0)

const featureOf = (
  spec: FeatureSpec,
  events: ReadonlyArray<Seen>,
  cut: number
): number => {
  if (spec.kind === "trait_is" || spec.kind === "trait_number") {
    const value = events
      .filter((event) => event.name === "$identify" && spec.trait in event.props)
      .at(-1)?.props[spec.trait]
    if (spec.kind === "trait_number")
      return typeof value === "number" ? value : Number.NaN
    return value === undefined ? Number.NaN : isAmong(value, spec.in)
  }
  const found = within(events, spec, cut)
  const ages = found.map(({ at }) => cut - at)
  const slots = [...new Set(ages.map((age) => Math.floor((age - 1) / DAY)))].sort(
    (a, b) => a - b
  )
  const gap =
    slots.length < 2
      ? Number.NaN
      : ((slots.at(-1) ?? 0) - (slots[0] ?? 0)) / (slots.length - 1)
  const sinceLast = ages.length === 0 ? Number.NaN : Math.min(...ages) / DAY
  const values =
    "property" in spec
      ? found.flatMap(({ props }) => {
          const value = props[spec.property]
          return value === undefined ? [] : [value]
        })
      : []
  const numbers = values.filter((value) => typeof value === "number")
  const sum = numbers.reduce((total, one) => total + one, 0)
  switch (spec.kind) {
    case "count":
      return found.length
    case "active_days":
      return slots.length
    case "days_since_last":
      return sinceLast
    case "days_since_first":
      return ages.length === 0 ? Number.NaN : Math.max(...ages) / DAY
    case "mean_gap":
      return gap
    case "overdue":
      return sinceLast / gap
    case "trend": {
      const both = within(events, { ...spec, days: 2 * spec.days }, cut).length
      const before = both - found.length
      return both === 0 ? Number.NaN : (found.length - before) / both
    }
    case "sum":
      return sum
    case "avg":
      return numbers.length === 0 ? Number.NaN : sum / numbers.length
    case "min":
      return numbers.length === 0 ? Number.NaN : Math.min(...numbers)
    case "max":
      return numbers.length === 0 ? Number.NaN : Math.max(...numbers)
    case "last":
      return numbers.at(-1) ?? Number.NaN
    case "distinct":
      return spec.property === "$event"
        ? new Set(found.map(({ name }) => name)).size
        : new Set(values.map((value) => JSON.stringify(value))).size
    case "latest_is": {
      const value = values.at(-1)
      return value === undefined ? Number.NaN : isAmong(value, spec.in)
    }
    case "hour_share": {
      const hours = found.map(({ at }) => wallClock(at, spec.timezone).getUTCHours())
      return (
        hours.filter((hour) => hour >= spec.fromHour && hour < spec.toHour).length /
        found.length
      )
    }
    case "weekday_share": {
      const days = found.map(({ at }) => wallClock(at, spec.timezone).getUTCDay() || 7)
      return days.filter((day) => spec.weekdays.includes(day)).length / found.length
    }
  }
}

const isAmong = (value: unknown, list: ReadonlyArray<unknown>): number =>
  (Array.isArray(value) ? value : [value]).some((one) => list.includes(one)) ? 1 : 0

/** Kolkata is always five and a half hours ahead. */
const wallClock = (at: number, timezone?: string): Date =>
  new Date(at + (timezone === "Asia/Kolkata" ? 5.5 * 3_600_000 : 0))

/** How far back a scoring statement looks for ids. */
const reachOf = ({
  features,
  population
}: Pick<TrainingRequest, "features" | "population">) =>
  Math.max(
    population.did?.days ?? 90,
    population.didNot?.days ?? 0,
    ...features.map((spec) => {
      if ("trait" in spec) return 0
      if (spec.kind === "trend") return 2 * spec.days
      return spec.days ?? Number.POSITIVE_INFINITY
    })
  )

const newestId = (events: ReadonlyArray<Seen>, days: number, cut: number) => {
  // Traits come from elsewhere: only what people did is read for ids.
  const named = events.filter(
    (event) =>
      isActivity(event) &&
      !event.isBot &&
      !event.isNobody &&
      event.at >= cut - days * DAY
  )
  const newest = named.filter(({ id }) => id % 2 === 1).at(-1) ?? named.at(-1)
  return newest && textOf(newest.id)
}
