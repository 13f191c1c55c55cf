/** An event as a client sends it, plus what only the examples know. */
export type CaseEvent = Readonly<Record<string, unknown>> & {
  readonly timestamp: string
  readonly receivedAt?: string
  readonly project?: string
  readonly request?: number
}

/** A question in the compact notation of the examples, with its expected answer. */
export type CaseQuery = Readonly<Record<string, unknown>> & {
  readonly kind: string
  readonly project?: string
  readonly expect: unknown
}

/** One worked example: events in, expected answers out. */
export interface Case {
  readonly id: string
  readonly area: string
  readonly title: string
  readonly level: "must" | "policy"
  readonly arrivalMatters?: boolean
  readonly events: ReadonlyArray<CaseEvent>
  readonly queries: ReadonlyArray<CaseQuery>
}

export type Order = "given" | "reversed" | "shuffled"
export type Requests = 1 | 2 | "N"

/** Examples that name an earlier watermark, or whose answer depends on who came first. */
export const arrivalIsFixed = (example: Case): boolean =>
  example.arrivalMatters === true || example.queries.some((query) => "asOf" in query)

/** The same list for the same seed, in another order. */
const shuffled = <A>(items: ReadonlyArray<A>, seed: number): Array<A> => {
  let state = seed
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}

/** The events in the order in which they are to be sent. */
export const orderedEvents = (
  example: Case,
  order: Order
): ReadonlyArray<CaseEvent> => {
  const asOf = example.queries.some((query) => "asOf" in query)
  const events = example.events.map((event) =>
    asOf && event.receivedAt === undefined
      ? { ...event, receivedAt: event.timestamp }
      : event
  )
  if (asOf)
    return events.sort(
      (a, b) => Date.parse(String(a.receivedAt)) - Date.parse(String(b.receivedAt))
    )
  if (arrivalIsFixed(example) || order === "given") return events
  return order === "reversed" ? events.reverse() : shuffled(events, 7)
}

/** One project's events, cut into requests. */
export const requestsOf = (
  events: ReadonlyArray<CaseEvent>,
  project: string,
  requests: Requests
): ReadonlyArray<ReadonlyArray<unknown>> => {
  const groups = new Map<string, Array<unknown>>()
  const mine = events.filter((event) => (event.project ?? "-") === project)
  mine.forEach((event, index) => {
    const { project: _, request = 0, ...sent } = event
    const split = requests === 1 ? 0 : requests === 2 ? index % 2 : index
    const key = requests === "N" ? String(index) : `${request}/${split}`
    groups.set(key, [...(groups.get(key) ?? []), sent])
  })
  return [...groups.values()]
}
