/** One run of an official client library, used as its documentation says. */
export interface ClientRun {
  /** Sends the event `SENT` with the properties of `propertiesOf(n)`. */
  readonly send: (n: number) => void
  /** Ends when the library says it has nothing more to do. */
  readonly finish: () => Promise<void>
  /** The numbers that the library itself reported as delivered. */
  readonly delivered: ReadonlySet<number>
}

/** An official client library, unmodified. */
export interface OfficialClient {
  /** As in `package.json`. */
  readonly package: string
  /** What tells two ways of using the same package apart. */
  readonly mode?: string
  /** What it sends again by itself until it is through. */
  readonly retries: ReadonlySet<FaultName>
  /** Most events in one request, as it is set up here. */
  readonly batch: number
  /** False if the library never says what became of an event. */
  readonly reports: boolean
  /** False if it has no place for who did it. */
  readonly users: boolean
  readonly start: (url: string, key: string) => ClientRun
}

export const faultNames = [
  "429",
  "429 without body",
  "500",
  "502",
  "503",
  "503 without body",
  "413",
  "reset before",
  "reset during",
  "reset after",
  "delay",
  "400",
  "401",
  "refused 429",
  "refused 503",
  "refused 413",
  "refused 401"
] as const

/**
 * What may become of a request on its way: a status as a load balancer says it, one as
 * the service says it to that client (`refused`), or a broken connection.
 */
export type FaultName = (typeof faultNames)[number]

export const nameOf = ({ mode, package: name }: OfficialClient): string =>
  mode === undefined ? name : `${name} (${mode})`

/** The event that every client sends. */
export const SENT = "Item Sent"

export const userOf = (n: number): string => `u${n % 10}`

/** What the event says: numbers, text that must be escaped, and a truth. */
export const propertiesOf = (n: number) => ({
  n,
  text: `№ ${n} "quoted" & é + %20`,
  even: n % 2 === 0
})

/** Waits for what a library does on its own time, for at most 60 seconds. */
export const until = async (isSo: () => boolean): Promise<void> => {
  const end = Date.now() + 60_000
  while (!isSo()) {
    if (Date.now() > end) throw new Error("the client did not come to an end in 60 s")
    await Bun.sleep(10)
  }
}

/** How many events make a run: few where each is a request of its own. */
export const eventsFor = ({ batch }: OfficialClient): number => (batch === 1 ? 20 : 60)

/** Whatever becomes of an event, it was sent once. */
export const nothing: ReadonlySet<FaultName> = new Set()

export const allBut = (...not: ReadonlyArray<FaultName>): ReadonlySet<FaultName> =>
  new Set(faultNames.filter((name) => !not.includes(name)))
