import { matches, picked } from "./filters.ts"
import type { JsonObject, OracleEvent, World } from "./Model.ts"
import { type EventsRequest, type PeopleRequest, rangeOf } from "./requests.ts"
import { inOrder } from "./world.ts"

const asked = (
  world: World,
  request: EventsRequest | PeopleRequest
): ReadonlyArray<OracleEvent> => {
  const { from, to } = rangeOf(request)
  const pick = request.event === undefined ? {} : { event: request.event }
  return world.events.filter(
    (event) =>
      event.at >= from &&
      event.at < to &&
      picked(world, event, pick) &&
      (request.filters ?? []).every((filter) => matches(world, event, filter))
  )
}

export interface EventsResult {
  readonly events: ReadonlyArray<OracleEvent>
}

/** The events, newest first. */
export const events = (world: World, request: EventsRequest): EventsResult => ({
  events: asked(world, request).toSorted((a, b) => inOrder(b, a))
})

export interface PeopleResult {
  readonly people: ReadonlyArray<{
    /** Sorted; none of whoever came with placeholders alone. */
    readonly ids: ReadonlyArray<string>
    readonly traits: JsonObject
    readonly firstSeen: number
    readonly lastSeen: number
  }>
}

/** The people who did it, each with what is known of them at any time. */
export const people = (world: World, request: PeopleRequest): PeopleResult => ({
  people: [...new Set(asked(world, request).map((event) => event.person))].map(
    (person) => {
      const times = world.events
        .filter((event) => event.person === person)
        .map((event) => event.at)
      return {
        ids: [...(world.ids.get(person) ?? [])].sort(),
        traits: world.traits.get(person) ?? {},
        firstSeen: Math.min(...times),
        lastSeen: Math.max(...times)
      }
    }
  )
})
