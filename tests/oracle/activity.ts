import { bucketIndex, bucketStart, bucketsOf, shifted } from "./buckets.ts"
import { matches, picked } from "./filters.ts"
import type { World } from "./Model.ts"
import { type LifecycleRequest, rangeOf, type StickinessRequest } from "./requests.ts"

export interface StickinessResult {
  readonly counts: ReadonlyArray<{ readonly buckets: number; readonly people: number }>
}

/** People by the number of buckets they were active in. */
export const stickiness = (
  world: World,
  request: StickinessRequest
): StickinessResult => {
  const { from, to } = rangeOf(request)
  const buckets = bucketsOf(from, to, request)
  const active = world.events.filter(
    (event) =>
      event.at >= from &&
      event.at < to &&
      picked(
        world,
        event,
        request.event === undefined ? {} : { event: request.event }
      ) &&
      (request.filters ?? []).every((filter) => matches(world, event, filter))
  )
  const numbers = [...Map.groupBy(active, (event) => event.person).values()].map(
    (events) => new Set(events.map((event) => bucketIndex(buckets, event.at))).size
  )
  return {
    counts: buckets.map((_, index) => ({
      buckets: index + 1,
      people: numbers.filter((number) =>
        request.cumulative ? number > index : number === index + 1
      ).length
    }))
  }
}

export interface LifecycleResult {
  readonly buckets: ReadonlyArray<number>
  readonly new: ReadonlyArray<number>
  readonly returning: ReadonlyArray<number>
  readonly resurrecting: ReadonlyArray<number>
  readonly dormant: ReadonlyArray<number>
}

/** Who is new, back, back after a pause, or gone, per bucket. */
export const lifecycle = (world: World, request: LifecycleRequest): LifecycleResult => {
  const { from, to } = rangeOf(request)
  const buckets = bucketsOf(from, to, request)
  const mine = world.events.filter((event) =>
    picked(world, event, request.event === undefined ? {} : { event: request.event })
  )
  const people = [...Map.groupBy(mine, (event) => event.person).values()].map(
    (events) => ({
      first: bucketStart(events[0]?.at ?? 0, request),
      active: new Set(
        events
          .filter((event) => event.at < to)
          .map((event) => bucketStart(event.at, request))
      )
    })
  )
  const count = (
    is: (state: { now: boolean; before: boolean; fresh: boolean }) => boolean
  ) =>
    buckets.map(
      (start) =>
        people.filter(({ first, active }) =>
          is({
            now: active.has(start),
            before: active.has(shifted(start, request, -1)),
            fresh: first === start
          })
        ).length
    )
  return {
    buckets,
    new: count(({ now, fresh }) => now && fresh),
    returning: count(({ now, before }) => now && before),
    resurrecting: count(({ now, before, fresh }) => now && !fresh && !before),
    dormant: count(({ now, before }) => before && !now).map((people) => 0 - people)
  }
}
