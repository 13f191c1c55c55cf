import type { Removal } from "./Removal.ts"

/** Which rows of a table of the event store a removal takes. */
export interface StorePlace {
  readonly table: string
  /** A condition of our own numbers alone; undefined: none of this kind. */
  readonly rowsOf: (removal: Removal) => string | undefined
}

const whole = (value: number): string => {
  if (!Number.isSafeInteger(value)) throw new RangeError("not a whole number")
  return String(value)
}

const instant = (ms: number): string => `fromUnixTimestamp64Milli(${whole(ms)}, 'UTC')`

const hashesOf = ({ idHashes }: Removal): string => `(${idHashes.join(", ")})`

const isPerson = ({ idHashes, kind }: Removal): boolean =>
  kind === "person" && idHashes.length > 0

/** Rows of ids alone, at any time. */
const ofIds =
  (column: string) =>
  (removal: Removal): string | undefined =>
    isPerson(removal)
      ? `project_id = ${whole(removal.projectId)} AND ${column} IN ${hashesOf(removal)}`
      : undefined

/** Where the event store may hold something of a person or of a range. */
export const events: StorePlace = {
  table: "events",
  rowsOf: (removal) => {
    const { from, projectId, requestedAt, to } = removal
    const received = `received_at <= ${instant(requestedAt)}`
    if (isPerson(removal)) return `${ofIds("id_hash")(removal)} AND ${received}`
    return from === null || to === null
      ? undefined
      : `project_id = ${whole(projectId)} AND timestamp >= ${instant(from)}
           AND timestamp < ${instant(to)} AND ${received}`
  }
}

const known = (removal: Removal, column: string): string =>
  `${column} <= ${instant(removal.knownAt)}`

export const storePlaces: ReadonlyArray<StorePlace> = [
  events,
  {
    table: "person_links",
    rowsOf: (removal) =>
      isPerson(removal)
        ? `project_id = ${whole(removal.projectId)} AND ${known(removal, "known_at")}
             AND (id_hash IN ${hashesOf(removal)} OR person IN ${hashesOf(removal)})`
        : undefined
  },
  {
    table: "cohort_ids",
    rowsOf: (removal) =>
      isPerson(removal)
        ? `${ofIds("id_hash")(removal)} AND ${known(removal, "changed_at")}`
        : undefined
  },
  {
    table: "cohort_people",
    rowsOf: (removal) =>
      isPerson(removal)
        ? `${ofIds("person")(removal)} AND ${known(removal, "as_of")}`
        : undefined
  }
]

/** Events of an id, whenever they were received: what the projections can tell. */
export const ofPerson = ofIds("id_hash")
