import { dayMs, type OracleEvent, type World } from "./Model.ts"

export interface Session {
  readonly person: string
  /** Milliseconds since 1970 of the first event. */
  readonly start: number
  /** Of the last event. */
  readonly end: number
  readonly events: ReadonlyArray<OracleEvent>
}

const cut = (
  person: string,
  events: ReadonlyArray<OracleEvent>,
  timeoutMs: number
): ReadonlyArray<Session> => {
  const groups: Array<[OracleEvent, ...Array<OracleEvent>]> = []
  for (const event of events) {
    const group = groups.at(-1)
    const last = group?.at(-1)
    if (
      group &&
      last &&
      event.at - last.at <= timeoutMs &&
      event.at - group[0].at < dayMs
    )
      group.push(event)
    else groups.push([event])
  }
  return groups.map((group) => ({
    person,
    start: group[0].at,
    end: group.at(-1)?.at ?? group[0].at,
    events: group
  }))
}

/**
 * The sessions that start in `[from, to)`: up to 24 h before `from` are looked at, and
 * whatever comes after `to`.
 */
export const sessionsOf = (
  world: World,
  from: number,
  to: number,
  timeoutMs: number
): ReadonlyArray<Session> => {
  const seen = world.events.filter(
    (event) => event.activity && event.at >= from - dayMs
  )
  return [...Map.groupBy(seen, (event) => event.person)]
    .flatMap(([person, events]) => cut(person, events, timeoutMs))
    .filter((session) => session.start >= from && session.start < to)
}
