import { FunnelResult } from "@analytics/analytics-core/query/funnel/Funnel"
import { LifecycleResult } from "@analytics/analytics-core/query/lifecycle/Lifecycle"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { RetentionResult } from "@analytics/analytics-core/query/retention/Retention"
import { SessionsResult } from "@analytics/analytics-core/query/sessions/Sessions"
import { StickinessResult } from "@analytics/analytics-core/query/stickiness/Stickiness"
import { TrendsRequest } from "@analytics/analytics-core/query/trends/TrendsRequest"
import { Effect, Schema } from "effect"
import type { SavedQuery } from "../insights/Insight.ts"
import { canonical } from "../results/resultKey.ts"
import { cutOf, frameOf } from "./clashes.ts"
import {
  type Ask,
  type CountedStretch,
  type CountedTrends,
  countedTrends,
  countingRequests
} from "./countedTrends.ts"
import { funnelFloor } from "./floor/funnelFloor.ts"
import { lifecycleFloor } from "./floor/lifecycleFloor.ts"
import { retentionFloor } from "./floor/retentionFloor.ts"
import { sessionsFloor } from "./floor/sessionsFloor.ts"
import { stickinessFloor } from "./floor/stickinessFloor.ts"
import { type IsShown, keptApart } from "./floor/trendsFloor.ts"
import { isSharedKind, requireShareable, type SharedKind } from "./shareable.ts"
import { shownTrends } from "./shownTrends.ts"

/** An answer as who holds a link may see it. */
export interface SharedAnswer {
  readonly kind: SharedKind
  /** As `/v1/query`, with null where a number must not be shown. */
  readonly result: unknown
}

/** An answer that is shown once it is known what else is. */
export type HeldAnswer =
  | SharedAnswer
  | {
      readonly kind: "trends"
      readonly frame: string
      /** Equal where buckets and groups may be the same, whatever the range is. */
      readonly cut: string
      /** Ranked by itself, so that `other` holds what no other answer's does. */
      readonly hasOwnGroups: boolean
      readonly trends: CountedTrends
    }

const isTrends = Schema.is(TrendsRequest)

/** A decoder of what our own service answered: anything else is our defect. */
const decoded =
  <A, I>(schema: Schema.Codec<A, I>) =>
  (result: unknown): A =>
    Schema.decodeUnknownSync(schema)(result)

/** By kind: the answer that shows no number of fewer people than the floor. */
const floors = {
  funnel: (result, _, floor) => funnelFloor(decoded(FunnelResult)(result), floor),
  retention: (result, query, floor) =>
    retentionFloor(
      decoded(RetentionResult)(result),
      {
        onOrAfter: query["onOrAfter"] === true,
        isRecurring: query["mode"] === "recurring"
      },
      floor
    ),
  stickiness: (result, query, floor) =>
    stickinessFloor(
      decoded(StickinessResult)(result),
      query["cumulative"] === true,
      floor
    ),
  lifecycle: (result, _, floor) =>
    lifecycleFloor(decoded(LifecycleResult)(result), floor),
  sessions: (result, _, floor) => sessionsFloor(decoded(SessionsResult)(result), floor)
} satisfies Record<
  Exclude<SharedKind, "trends">,
  (result: unknown, query: SavedQuery, floor: number) => unknown
>

/** What is asked to answer a query for who holds a link. */
export const askedFor = (query: SavedQuery): ReadonlyArray<object> =>
  isTrends(query) ? countingRequests(query).map(({ body }) => body) : [query]

/** Answers a query for who holds a link, and refuses what may not be shared (any more). */
export const heldAnswer = Effect.fn("heldAnswer")(function* (
  query: SavedQuery,
  floor: number,
  ask: Ask
): Effect.fn.Return<HeldAnswer, Effect.Error<ReturnType<Ask>>> {
  yield* requireShareable(query, "")
  const { kind } = query
  if (!isSharedKind(kind)) return yield* unreadable
  if (kind === "trends") {
    if (!isTrends(query)) return yield* unreadable
    const trends = yield* countedTrends(query, ask)
    const hasOwnGroups = query.formula === undefined && query.series.length > 1
    return { kind, frame: frameOf(query), cut: cutOf(query), hasOwnGroups, trends }
  }
  const { result } = yield* ask(query)
  return { kind, result: floors[kind](result, query, floor) }
})

/** Answers as they are shown side by side; their order stays. */
export const sideBySide = (
  held: ReadonlyArray<HeldAnswer>,
  floor: number
): ReadonlyArray<SharedAnswer> => {
  const placeOf = (cut: string, { buckets }: CountedStretch) =>
    canonical([cut, buckets])
  const stretches = held.flatMap((answer) =>
    "trends" in answer
      ? [answer.trends, answer.trends.compare ?? []].flat().map((stretch) => ({
          place: placeOf(answer.cut, stretch),
          counted: stretch.counted
        }))
      : []
  )
  // However a range was said, and whether it is what another one is compared with.
  const isShown = new Map<string, IsShown>()
  for (const [place, same] of Map.groupBy(stretches, ({ place }) => place))
    isShown.set(
      place,
      keptApart(
        same.flatMap(({ counted }) => counted),
        floor
      )
    )
  return held.map((answer) => {
    if (!("trends" in answer)) return answer
    const beside = held.filter(
      (other) => "trends" in other && other.frame === answer.frame
    )
    // Where groups are ranked more than once, an `other` and groups make up another one.
    const withOther = beside.length === 1 && !answer.hasOwnGroups
    const shownIn = (stretch: CountedStretch) =>
      isShown.get(placeOf(answer.cut, stretch)) ?? (() => false)
    return {
      kind: answer.kind,
      result: shownTrends(answer.trends, shownIn, withOther)
    }
  })
}

const unreadable = Effect.fail(
  QueryInvalid.at("", "The saved question can no longer be read")
)
