import { RequestNotes } from "@analytics/api-common/RequestNotes"
import type { QueryLoadConfig } from "@analytics/config/QueryLoadConfig"
import { Clock, Effect } from "effect"
import { TooManyQueries } from "./QueryProblems.ts"
import { BUDGET_WINDOW, type BudgetLeft, readBudget } from "./readBudget.ts"

interface Spender {
  readonly id: number
  readonly keyId?: string
}

/**
 * What projects and their keys may read from the event store, in bytes a second. The answer
 * says what is left in the fields of draft-ietf-httpapi-ratelimit-headers.
 */
export const queryBudgets = (
  config: Pick<
    QueryLoadConfig["Service"],
    "projectBytesPerSecond" | "keyBytesPerSecond"
  >
) => {
  const ofProjects = readBudget(config.projectBytesPerSecond)
  const ofKeys = readBudget(config.keyBytesPerSecond)

  const left = ({ id, keyId }: Spender, now: number) => [
    { name: "project", left: ofProjects.left(String(id), now) },
    { name: "key", left: keyId === undefined ? undefined : ofKeys.left(keyId, now) }
  ]

  const tell = Effect.fnUntraced(function* (spender: Spender) {
    const { headers } = yield* RequestNotes
    const now = yield* Clock.currentTimeMillis
    const known = left(spender, now).flatMap(({ left, name }) =>
      left === undefined ? [] : [{ name, left }]
    )
    if (known.length === 0) return
    headers["ratelimit-policy"] = known
      .map(
        ({ left, name }) =>
          `"${name}";q=${left.quota};qu="content-bytes";w=${BUDGET_WINDOW}`
      )
      .join(", ")
    headers["ratelimit"] = known
      .map(({ left, name }) => `"${name}";r=${left.remaining};t=${left.reset}`)
      .join(", ")
  })

  const check = Effect.fnUntraced(function* (spender: Spender) {
    const now = yield* Clock.currentTimeMillis
    const empty = left(spender, now)
      .flatMap(({ left }) => (left?.remaining === 0 ? [left] : []))
      .reduce(
        (longest: BudgetLeft | undefined, next) =>
          longest !== undefined && longest.reset >= next.reset ? longest : next,
        undefined
      )
    if (empty)
      return yield* new TooManyQueries({
        retryAfter: Math.max(1, empty.reset),
        detail: `Queries read more than ${empty.quota} bytes in ${BUDGET_WINDOW} seconds. Ask less often, or for shorter ranges.`
      })
  })

  return {
    /** Refuses who has read too much, and tells everybody what is left. */
    within: <A, E, R>(spender: Spender, effect: Effect.Effect<A, E, R>) =>
      check(spender).pipe(Effect.andThen(effect), Effect.ensuring(tell(spender))),
    spend: ({ id, keyId }: Spender, bytes: number) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        ofProjects.spend(String(id), bytes, now)
        if (keyId !== undefined) ofKeys.spend(keyId, bytes, now)
      })
  }
}
