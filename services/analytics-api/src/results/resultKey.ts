import { createHash } from "node:crypto"
import type { EventRead } from "@analytics/analytics-core/query/Compiled"
import type { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Effect, Predicate } from "effect"
import type { ResolvedQuery } from "../query/Keeping.ts"

/** Raised when what is stored, or how a request is answered, changes its meaning. */
const FORM = 1
const DEFINITIONS = "v1"

/** Kinds of which numbers are all that is answered: no people, no events, no pages. */
const keptKinds: ReadonlySet<string> = new Set([
  "trends",
  "funnel",
  "retention",
  "stickiness",
  "lifecycle",
  "sessions",
  "paths"
])

/** Fields that answer more than what the store counts, or only a page of it. */
const unkeptFields = ["forecast", "anomalies", "cursor", "list"]

/** Under which an answer is kept, and what it looks at. */
export interface ResultKey {
  readonly key: Uint8Array
  readonly reads: ReadonlyArray<EventRead>
}

/** In place of a query's own, so that its statements are the same at every watermark. */
const ANY_WATERMARK = Date.UTC(2020, 0, 1)

/**
 * The hash of a request as it is going to be computed: what was sent, and the statements
 * with the range, zone, filters, cohorts and refreshes that it came to. Undefined of what
 * is not kept: other kinds, and answers that change as time passes.
 */
export const resultKey = Effect.fn("resultKey")(function* ({
  body,
  context,
  project,
  query
}: ResolvedQuery): Effect.fn.Return<ResultKey | undefined, QueryInvalid> {
  if (!keptKinds.has(query.kind) || asksMore(body)) return undefined
  const reads: Array<EventRead> = []
  const at = (now: number, onRead?: (read: EventRead) => void) =>
    Effect.map(
      query.compile({
        ...context,
        watermark: ANY_WATERMARK,
        hasLinks: true,
        hasTraitChanges: true,
        now,
        ...(onRead ? { onRead } : {})
      }),
      ({ statements }) => canonical(statements.map(({ params, sql }) => [sql, params]))
    )
  const statements = yield* at(context.now, (read) => reads.push(read))
  // A window that ends at the moment of the question is never asked about again.
  if (statements !== (yield* at(context.now + 1))) return undefined
  const { asOf: _, ...asked } = Predicate.isObject(body) ? body : { body }
  const key = createHash("sha256")
    .update(canonical([FORM, DEFINITIONS, project.timezone, asked, statements]))
    .digest()
  return { key, reads }
})

const asksMore = (body: unknown) =>
  Predicate.isObject(body) && unkeptFields.some((field) => Object.hasOwn(body, field))

/** JSON whose objects name their members in order. */
export const canonical = (value: unknown): string => JSON.stringify(sorted(value)) ?? ""

const sorted = (value: unknown): unknown => {
  if (typeof value === "bigint") return `${value}n`
  if (Array.isArray(value)) return value.map(sorted)
  if (!Predicate.isObject(value) || value instanceof Date) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, sorted(member)] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1))
  )
}
