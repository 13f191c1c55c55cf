import { Effect, Option, Schema } from "effect"
import type { QueryContext, Row } from "../Compiled.ts"
import { readCursor, writeCursor } from "../Cursor.ts"
import { nested } from "../nested.ts"
import { QueryInvalid } from "../QueryInvalid.ts"
import type { PeopleResult, Person } from "./PeopleRequest.ts"

const LARGEST = 2n ** 64n - 1n

/** The person after whom the page begins. */
export const afterOf = (
  cursor: string | undefined
): Effect.Effect<bigint | undefined, QueryInvalid> => {
  if (cursor === undefined) return Effect.succeed(undefined)
  const [after] = Option.getOrUndefined(readCursor(cursor))?.after ?? []
  const person =
    typeof after === "string" && /^\d{1,20}$/u.test(after) ? BigInt(after) : undefined
  return person !== undefined && person <= LARGEST
    ? Effect.succeed(person)
    : Effect.fail(QueryInvalid.at("/cursor", "Expected nextCursor of an answer"))
}

/** The rows of `rosterSql`, asked for one person more than `limit`. */
export const decodePeople = (
  rows: ReadonlyArray<Row>,
  limit: number,
  isDetailed: boolean,
  context: QueryContext
): PeopleResult => {
  const people = rows
    .slice(0, limit)
    .map((row) => personOf(decodeRow(row), isDetailed, context))
  const last = people.at(-1)
  return {
    people,
    nextCursor:
      rows.length > limit && last
        ? writeCursor({
            asOf: context.watermark,
            now: context.now,
            after: [last.personId]
          })
        : null
  }
}

const RosterRow = Schema.Struct({
  person: Schema.String,
  id_hashes: Schema.Array(Schema.String),
  user_ids: Schema.Array(Schema.String),
  anonymous_ids: Schema.Array(Schema.String),
  events: Schema.Union([Schema.String, Schema.Finite]),
  first_seen: Schema.Union([Schema.String, Schema.Finite]),
  last_seen: Schema.Union([Schema.String, Schema.Finite]),
  /** Path, JSON text, when in milliseconds, message. */
  traits: Schema.Array(
    Schema.Tuple([
      Schema.String,
      Schema.String,
      Schema.Union([Schema.String, Schema.Finite]),
      Schema.String
    ])
  )
})
const decodeRow = Schema.decodeUnknownSync(RosterRow)

const personOf = (
  found: typeof RosterRow.Type,
  isDetailed: boolean,
  context: QueryContext
): Person => ({
  personId: found.person,
  ids: idsOf(found, context),
  traits: nested(found.traits.map(([path, json]) => [path, json] as const)),
  firstSeen: new Date(Number(found.first_seen)).toISOString(),
  lastSeen: new Date(Number(found.last_seen)).toISOString(),
  ...(isDetailed
    ? {
        events: Number(found.events),
        traitSources: found.traits.map(([path, , at, messageId]) => ({
          path,
          timestamp: new Date(Number(at)).toISOString(),
          messageId
        }))
      }
    : {})
})

/** An event may also carry an anonymous id that belongs to somebody else. */
const idsOf = (
  row: typeof RosterRow.Type,
  { idHash }: QueryContext
): ReadonlyArray<string> => {
  const seen = new Set([...row.user_ids, ...row.anonymous_ids].filter(Boolean))
  const own = new Set(row.id_hashes)
  return [...seen].filter((id) => !idHash || own.has(String(idHash(id)))).sort()
}
