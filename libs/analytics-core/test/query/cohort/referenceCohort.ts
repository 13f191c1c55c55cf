import type { Schema } from "effect"
import type {
  CohortDefinition,
  CohortRule,
  Did
} from "../../../src/query/cohort/Cohort.ts"
import type { TestEvent, TestLink } from "../eventStore.ts"
import { holds } from "../referenceFilter.ts"

export interface ListChange {
  readonly id: number
  readonly at: number
  readonly isMember: boolean
}

export interface World {
  readonly events: ReadonlyArray<TestEvent>
  readonly links: ReadonlyArray<TestLink>
  readonly changes: ReadonlyArray<ListChange>
  readonly now: number
  readonly watermark: number
}

const DAY = 86_400_000

/** Cohorts over arrays, one person at a time. */
export const referenceCohort = (
  definition: CohortDefinition,
  world: World
): ReadonlySet<number> => {
  const known = world.events.filter(
    ({ at, knownAt = at }) => knownAt <= world.watermark
  )
  const people = new Map<number, Array<TestEvent>>()
  for (const event of known) {
    const person = personOf(event.person, world)
    people.set(person, [...(people.get(person) ?? []), event])
  }
  if (definition.type === "static") return listed(world)
  const { rule } = definition
  return new Set(
    [...people].filter(([, own]) => fits(rule, own, world)).map(([person]) => person)
  )
}

export const personOf = (id: number, { links, watermark }: World): number =>
  links
    .filter((link) => link.id === id && link.knownAt <= watermark)
    .toSorted((a, b) => a.knownAt - b.knownAt || a.version - b.version)
    .at(-1)?.person ?? id

const listed = (world: World): ReadonlySet<number> => {
  const members = new Map<number, boolean>()
  for (const { at, id, isMember } of world.changes.toSorted((a, b) => a.at - b.at))
    if (at <= world.watermark) members.set(id, isMember)
  return new Set([...members].filter(([, is]) => is).map(([id]) => personOf(id, world)))
}

const fits = (
  rule: CohortRule,
  own: ReadonlyArray<TestEvent>,
  world: World
): boolean => {
  if ("and" in rule) return rule.and.every((member) => fits(member, own, world))
  if ("or" in rule) return rule.or.some((member) => fits(member, own, world))
  if ("not" in rule) return !fits(rule.not, own, world)
  if ("trait" in rule) return holds(rule.trait, traitsOf(own))
  if ("didNot" in rule) return timesOf(rule.didNot, own, world) === 0
  const times = timesOf(rule.did, own, world)
  const { atLeast = 1, atMost, exactly } = rule.did
  if (exactly !== undefined) return times === exactly
  return atMost === undefined ? times >= atLeast : times <= atMost
}

const timesOf = (did: Did, own: ReadonlyArray<TestEvent>, { now }: World): number => {
  const days =
    typeof did.within === "string" ? Number.parseInt(did.within, 10) : did.within?.days
  const from =
    days === undefined ? Date.parse(did.from ?? "1970-01-01") : now - days * DAY
  const to = days === undefined ? Date.parse(did.to ?? "2200-01-01") : now
  const traits = traitsOf(own)
  return own.filter(
    (event) =>
      event.isBot !== true &&
      (did.event === undefined
        ? !["$identify", "$group", "$alias"].includes(event.event)
        : event.event === did.event) &&
      event.at >= from &&
      event.at < to &&
      (did.filters ?? []).every((filter) =>
        holds(filter, (path) =>
          path.startsWith("user.") ? traits(path) : (event.props?.[path] ?? null)
        )
      )
  ).length
}

/** The value with the latest event time, then the greatest message id. */
const traitsOf =
  (own: ReadonlyArray<TestEvent>) =>
  (path: string): Schema.Json =>
    own
      .filter(({ event }) => event === "$identify")
      .toSorted((a, b) => a.at - b.at || (a.messageId < b.messageId ? -1 : 1))
      .map(({ props }) => props?.[path.slice("user.".length)] ?? null)
      .findLast((value) => value !== null) ?? null
