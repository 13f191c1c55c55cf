import { Schema } from "effect"
import type { Kept } from "../removal/removals.ts"
import type { Found } from "./scan.ts"

const Place = Schema.Struct({
  place: Schema.String,
  before: Schema.Int,
  after: Schema.Int
})

/** What was searched, what was found, and that nothing is left. */
export const Certificate = Schema.Struct({
  removal: Schema.String,
  kind: Schema.Literals(["person", "range"]),
  requestedAt: Schema.String.annotate({
    description: "What was received up to then is gone; later events are a new person's"
  }),
  removedAt: Schema.NullOr(Schema.String),
  doneAt: Schema.NullOr(Schema.String),
  verifiedAt: Schema.String,
  ids: Schema.Int.annotate({ description: "Ids of the person" }),
  idHashes: Schema.Array(Schema.String),
  searchedFor: Schema.Literals(["all ids", "the ids asked for", "the range"]).annotate({
    description: "As texts; hashes of all ids were searched for in any case"
  }),
  verifiedEmpty: Schema.Boolean,
  places: Schema.Array(Place),
  removed: Schema.Record(Schema.String, Schema.Int).annotate({
    description: "What data-ingestion removed, by place"
  }),
  forgotten: Schema.Record(Schema.String, Schema.Int),
  mentions: Schema.Record(Schema.String, Schema.Int).annotate({
    description:
      "Rows of others that hold an id of 8 characters or more as a text: rules of cohorts, other jobs, the audit. They are not changed"
  }),
  notSearched: Schema.Array(Schema.String)
})
export type Certificate = typeof Certificate.Type

/** Places where something is left. */
export const remains = (after: Found): ReadonlyArray<string> =>
  Object.entries(after).flatMap(([place, rows]) =>
    rows > 0 ? [`${place} (${rows})`] : []
  )

export const certificateOf = (given: {
  readonly removal: Kept
  readonly kind: "person" | "range"
  readonly textsKnown: boolean
  readonly before: Found
  readonly after: Found
  readonly mentions: Found
  readonly forgotten: Found
  readonly verifiedAt: string
}): Certificate => {
  const { after, before, kind, removal } = given
  const places = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return {
    removal: removal.id,
    kind,
    requestedAt: removal.requestedAt,
    removedAt: removal.removedAt,
    doneAt: removal.doneAt,
    verifiedAt: given.verifiedAt,
    ids: removal.idHashes.length,
    idHashes: removal.idHashes,
    searchedFor:
      kind === "range"
        ? "the range"
        : given.textsKnown
          ? "all ids"
          : "the ids asked for",
    verifiedEmpty: places.every((place) => (after[place] ?? 0) === 0),
    places: places.map((place) => ({
      place,
      before: before[place] ?? 0,
      after: after[place] ?? 0
    })),
    removed: removal.counts,
    forgotten: given.forgotten,
    mentions: given.mentions,
    notSearched: [
      "clickhouse seen: hashes of message ids, kept so that nothing is stored twice",
      "properties and traits in events of others: nobody can know whose they are",
      "control.idempotency: encrypted with callers' keys, gone after a day",
      "reports that were sent: they are with whoever got them",
      "backups: a restore leaves out what backups/removals/ names"
    ]
  }
}
