import { Effect } from "effect"
import { rangeOf, zoneOf } from "../Common.ts"
import type { Compiled, PeopleSelection, QueryContext, QueryKind } from "../Compiled.ts"
import { statement } from "../Compiled.ts"
import { filtersSql } from "../filterSql.ts"
import { identify } from "../People.ts"
import { QueryInvalid } from "../QueryInvalid.ts"
import { source } from "../Source.ts"
import { EARLIEST, LATEST, type Sql, sql, uint64 } from "../Sql.ts"
import { Values } from "../Values.ts"
import {
  DEFAULT_LIMIT,
  type Of,
  PeopleRequest,
  PeopleResult,
  peopleExample
} from "./PeopleRequest.ts"
import { afterOf, decodePeople } from "./peoplePage.ts"
import { rosterSql } from "./rosterSql.ts"

/** The people behind a number of any other kind of query, given its request body. */
export type PeopleOf = (
  body: unknown,
  selection: PeopleSelection,
  context: QueryContext
) => Effect.Effect<Sql, QueryInvalid>

/**
 * Who did something, or who stands behind a number: pages in the order of the person's
 * number, which no later event changes.
 */
export const peopleQuery = (
  peopleOf: PeopleOf
): QueryKind<PeopleRequest, PeopleResult> => ({
  kind: "people",
  request: PeopleRequest,
  result: PeopleResult,
  example: peopleExample,
  compile: Effect.fn("peopleQuery.compile")(function* (request, context) {
    const after = yield* afterOf(request.cursor)
    const limit = request.limit ?? DEFAULT_LIMIT
    const { of, ...named } = request
    const isDetailed = named.person !== undefined || named.id !== undefined
    const people = isDetailed
      ? yield* thisOne(request, context)
      : of
        ? yield* counted(request, of, context, peopleOf)
        : yield* whoDid(request, context)
    // One more than the page tells whether there is another.
    const roster = rosterSql(context, {
      people,
      after,
      limit: limit + 1,
      isNarrow: isDetailed
    })
    const compiled: Compiled<PeopleResult> = {
      statements: [statement("people", roster)],
      decode: ([rows = []]) => decodePeople(rows, limit, isDetailed, context)
    }
    return compiled
  })
})

const ownFields = [
  "event",
  "filters",
  "from",
  "to",
  "range",
  "timezone",
  "weekStart",
  "includeBots",
  "cohort"
] as const

const refuse = (
  request: PeopleRequest,
  fields: ReadonlyArray<keyof PeopleRequest>,
  detail: string
) =>
  fields
    .filter((field) => request[field] !== undefined)
    .map((field) => ({ pointer: `/${field}`, detail }))

const thisOne = Effect.fnUntraced(function* (
  request: PeopleRequest,
  context: QueryContext
) {
  const { id, person } = request
  const errors = [
    ...refuse(request, [...ownFields, "of"], "person and id name one person already"),
    ...(person === undefined ? [] : refuse(request, ["id"], "Give person or id"))
  ]
  if (errors.length > 0) return yield* new QueryInvalid({ errors })
  if (person !== undefined) return sql`SELECT ${uint64(BigInt(person))} AS person`
  if (!context.idHash || id === undefined)
    return yield* QueryInvalid.at("/id", "Ids cannot be looked up here: give person")
  const one = uint64(context.idHash(id))
  return sql`SELECT person FROM (${identify(context, sql`SELECT ${one} AS id_hash`, sql`SELECT ${one}`)})`
})

const counted = Effect.fnUntraced(function* (
  request: PeopleRequest,
  { query, ...selection }: Of,
  context: QueryContext,
  peopleOf: PeopleOf
) {
  const errors = [
    ...refuse(
      request,
      ownFields,
      "The query of the number decides this: put it into /of/query"
    ),
    ...("asOf" in query
      ? [{ pointer: "/of/query/asOf", detail: "Give asOf beside of" }]
      : [])
  ]
  if (errors.length > 0) return yield* new QueryInvalid({ errors })
  return yield* peopleOf(query, selection, context).pipe(
    Effect.mapError(
      (invalid) =>
        new QueryInvalid({
          errors: invalid.errors.map(({ detail, pointer }) => ({
            pointer: pointer.startsWith("/of/") ? pointer : `/of/query${pointer}`,
            detail
          }))
        })
    )
  )
})

/** Without a range: whoever did it at any time. */
const whoDid = Effect.fnUntraced(function* (
  request: PeopleRequest,
  context: QueryContext
) {
  const zone = yield* zoneOf(request, context)
  const isEver =
    request.from === undefined &&
    request.to === undefined &&
    request.range === undefined
  const range = isEver
    ? { from: EARLIEST, to: LATEST }
    : yield* rangeOf(request, zone, context)
  const values = new Values()
  const events = source(context, {
    events: request.event === undefined ? undefined : [request.event],
    ...range,
    includeBots: request.includeBots ?? false,
    columns: [],
    person: true,
    values,
    where: [filtersSql(request.filters ?? [], values)]
  })
  return sql`SELECT DISTINCT person FROM (${events})`
})
