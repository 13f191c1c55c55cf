import { matches, picked } from "./filters.ts"
import type { OracleEvent, World } from "./Model.ts"
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
  /** The ids of each person who has any, and how many have none. */
  readonly people: ReadonlyArray<ReadonlyArray<string>>
}

/** The people who did it, as sorted lists of their ids. */
export const people = (world: World, request: PeopleRequest): PeopleResult => ({
  people: [...new Set(asked(world, request).map((event) => event.person))].map(
    (person) => [...(world.ids.get(person) ?? [])].sort()
  )
})
