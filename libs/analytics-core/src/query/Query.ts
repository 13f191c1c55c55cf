import { Effect, Option, Predicate, type Schema } from "effect"
import type { Compiled, QueryContext, QueryKind } from "./Compiled.ts"
import { readCursor } from "./Cursor.ts"
import { type CohortReference, cohortsIn, narrowed } from "./cohort/narrowed.ts"
import { decodeStrictly } from "./decodeStrictly.ts"
import { eventsQuery } from "./events/EventsQuery.ts"
import { conditionsIn } from "./Filter.ts"
import { funnelQuery } from "./funnel/FunnelQuery.ts"
import { lifecycleQuery } from "./lifecycle/LifecycleQuery.ts"
import { nestsDeeperThan } from "./nesting.ts"
import { pathsQuery } from "./paths/PathsQuery.ts"
import { type PeopleOf, peopleQuery } from "./people/PeopleQuery.ts"
import { QueryInvalid } from "./QueryInvalid.ts"
import { retentionQuery } from "./retention/RetentionQuery.ts"
import { sessionsQuery } from "./sessions/SessionsQuery.ts"
import { sqlQuery } from "./sql/SqlQuery.ts"
import { stickinessQuery } from "./stickiness/StickinessQuery.ts"
import { Trends } from "./trends/Trends.ts"

/** A pattern of a `matches` filter, which only the store's own engine can judge. */
export interface Pattern {
  readonly pointer: string
  readonly pattern: string
}

/** A request that matches the schema of its kind. */
export interface Query {
  readonly kind: string
  /** The watermark asked for, in epoch milliseconds. */
  readonly asOf: number | undefined
  /** Which field of the request says so. */
  readonly asOfPointer: "/asOf" | "/cursor"
  /** What "today" was on the first page, in epoch milliseconds. */
  readonly now: number | undefined
  readonly patterns: ReadonlyArray<Pattern>
  /** Cohorts that `QueryContext.cohorts` must define. */
  readonly cohorts: ReadonlyArray<CohortReference>
  readonly compile: (
    context: QueryContext
  ) => Effect.Effect<Compiled<unknown, QueryInvalid>, QueryInvalid>
}

/** The wire forms of a kind, and a request to learn from. */
export interface DocumentedKind {
  readonly kind: string
  readonly request: Schema.Codec<unknown, unknown>
  readonly result: Schema.Codec<unknown, unknown>
  readonly example: unknown
}

interface Reader extends DocumentedKind {
  readonly read: (body: unknown) => Effect.Effect<Query, QueryInvalid>
  readonly people: PeopleOf
}

interface Asked {
  readonly asOf?: string
  readonly cursor?: string
  readonly cohort?: string
}

const reader = <Request extends Asked, Result>(
  known: QueryKind<Request, Result, QueryInvalid>
): Reader => {
  const decode = decodeStrictly(known.request)
  return {
    kind: known.kind,
    request: known.request,
    result: known.result,
    example: known.example,
    read: (body) =>
      Effect.flatMap(decode(body), (request) =>
        conditionsIn(request) > MAX_CONDITIONS
          ? Effect.fail(
              QueryInvalid.at("", `At most ${MAX_CONDITIONS} conditions in all filters`)
            )
          : Effect.succeed({
              kind: known.kind,
              ...momentOf(request),
              patterns: patternsIn(request, ""),
              cohorts: cohortsIn(request),
              compile: (context) =>
                Effect.flatMap(narrowed(context, request.cohort), (own) =>
                  known.compile(request, own)
                )
            })
      ),
    people: (body, selection, context) =>
      Effect.gen(function* () {
        const { people } = known
        if (!people)
          return yield* QueryInvalid.at("/kind", "This kind of query counts no people")
        const request = yield* decode(body)
        const own = yield* narrowed(context, request.cohort)
        return yield* people(request, selection, own)
      })
  }
}

/** A further page is answered as of the first one. */
const momentOf = ({
  asOf,
  cursor
}: Asked): Pick<Query, "asOf" | "asOfPointer" | "now"> => {
  const first =
    cursor === undefined ? undefined : Option.getOrUndefined(readCursor(cursor))
  const asked = asOf === undefined ? undefined : Date.parse(asOf)
  return {
    asOf: first?.asOf ?? asked,
    asOfPointer: first === undefined ? "/asOf" : "/cursor",
    now: first?.now ?? asked
  }
}

const readers: ReadonlyArray<Reader> = [
  reader(Trends),
  reader(funnelQuery),
  reader(retentionQuery),
  reader(sessionsQuery),
  reader(pathsQuery),
  reader(stickinessQuery),
  reader(lifecycleQuery),
  reader(eventsQuery),
  reader(peopleQuery((...asked) => peopleOf(...asked))),
  reader(sqlQuery)
]

/** The people that a number of another query counts. */
const peopleOf: PeopleOf = (body, selection, context) => {
  const kind = Predicate.hasProperty(body, "kind") ? body.kind : undefined
  const known = readers.find((candidate) => candidate.kind === kind)
  return known
    ? known.people(body, selection, context)
    : Effect.fail(
        QueryInvalid.at(
          "/kind",
          `Expected one of ${readers.map((candidate) => candidate.kind).join(", ")}`
        )
      )
}

/** Every kind there is. */
export const documentedKinds: ReadonlyArray<DocumentedKind> = readers

/** Filters nest at most 32 deep; everything else much less. */
const MAX_NESTING = 100

/** Of all filters of a request together: statements repeat them per step or series. */
const MAX_CONDITIONS = 200

/** Reads a request body: the kind first, so that faults are those of its own schema. */
export const parseQuery = (body: unknown): Effect.Effect<Query, QueryInvalid> => {
  if (nestsDeeperThan(body, MAX_NESTING))
    return Effect.fail(
      QueryInvalid.at("", `At most ${MAX_NESTING} levels of arrays and objects`)
    )
  const kind = Predicate.hasProperty(body, "kind") ? body.kind : undefined
  const known = readers.find((candidate) => candidate.kind === kind)
  return known
    ? known.read(body)
    : Effect.fail(
        QueryInvalid.at(
          "/kind",
          `Expected one of ${readers.map((candidate) => candidate.kind).join(", ")}`
        )
      )
}

/** Patterns of all filters in there, which the store must be asked about. */
export const patternsIn = (node: unknown, pointer: string): ReadonlyArray<Pattern> => {
  if (!Predicate.isObject(node) && !Array.isArray(node)) return []
  if (isMatch(node)) return [{ pointer: `${pointer}/value`, pattern: node.value }]
  return Object.entries(node).flatMap(([key, member]) =>
    patternsIn(member, `${pointer}/${key}`)
  )
}

const isMatch = (node: object): node is { readonly value: string } =>
  Predicate.hasProperty(node, "op") &&
  node.op === "matches" &&
  Predicate.hasProperty(node, "value") &&
  Predicate.isString(node.value)
