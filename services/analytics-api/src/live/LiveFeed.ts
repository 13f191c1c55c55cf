import {
  type LiveQuery,
  liveQuery
} from "@analytics/analytics-core/query/live/LiveQuery"
import type { LiveRequest } from "@analytics/analytics-core/query/live/LiveRequest"
import { Clock, Effect, Schedule, type Scope } from "effect"
import type { AskingProject } from "../query/Queries.ts"
import type { QueryRepo } from "../query/QueryRepo.ts"
import type { Watermark } from "../query/Watermark.ts"
import type { Listener } from "./Listener.ts"
import type { LiveMessage } from "./LiveMessage.ts"

/** What several connections that watch the same share. */
export interface LiveFeed {
  readonly listeners: Set<Listener>
}

export interface Watched {
  readonly project: AskingProject
  readonly request: LiveRequest
  /** Only what became known after this instant, in epoch milliseconds; absent: from now on. */
  readonly after: number | undefined
}

/** Between two looks into the store. */
const LOOK_EVERY = "250 millis"
/** Events of one look that are shown; more nobody can read. */
const SHOWN_AT_ONCE = 200
/** A count without news. */
const COUNT_EVERY = 5000
const MINUTE = 60_000

/**
 * Looks again and again for what became known since the last look. It reads only what is
 * stored, so that watching can never hold up ingestion.
 */
export const liveFeed = Effect.fn("LiveFeed.make")(function* (
  watched: Watched,
  watermarks: Watermark["Service"],
  repo: QueryRepo["Service"]
): Effect.fn.Return<LiveFeed, never, Scope.Scope> {
  const { project, request } = watched
  const listeners = new Set<Listener>()
  const tell = (message: LiveMessage) => {
    for (const listener of listeners) listener.offer(message)
  }
  let seen = watched.after
  let countedAt = Number.NEGATIVE_INFINITY

  const ask = Effect.fnUntraced(function* (query: LiveQuery) {
    const [events, recent] = yield* Effect.all(
      [repo.run(query.events), repo.run(query.recent)],
      { concurrency: 2 }
    )
    return query.decode(events.rows, recent.rows)
  })

  const look = Effect.gen(function* () {
    const { watermark, removing } = yield* watermarks.current
    const after = seen ?? watermark
    const now = yield* Clock.currentTimeMillis
    if (watermark <= after && now - countedAt < COUNT_EVERY) {
      seen = after
      return
    }
    const context = {
      projectId: project.id,
      timezone: project.timezone,
      now,
      watermark,
      hasLinks: yield* repo.hasLinks(project.id, watermark),
      removals: removing?.has(project.id) ?? (yield* repo.hasRemovals(project.id))
    }
    const query = (hasTraitChanges: boolean) =>
      liveQuery(request, {
        context: { ...context, hasTraitChanges },
        after,
        limit: SHOWN_AT_ONCE,
        lately: { known: watermark - MINUTE, happened: now - 5 * MINUTE }
      })
    const plain = query(false)
    const folding = query(true)
    const readsTraits = plain.events.sql !== folding.events.sql
    const found = yield* ask(
      readsTraits && (yield* repo.hasTraitChanges(project.id, watermark))
        ? folding
        : plain
    )
    const hidden = found.arrived - found.events.length
    if (hidden > 0) tell({ _tag: "dropped", events: hidden })
    for (const event of found.events) tell({ _tag: "event", event })
    tell({
      _tag: "count",
      watermark,
      eventsLastMinute: found.eventsLastMinute,
      peopleLastFiveMinutes: found.peopleLastFiveMinutes
    })
    seen = watermark
    countedAt = now
  }).pipe(Effect.timeout("10 seconds"), Effect.withSpan("LiveFeed.look"))

  yield* look.pipe(
    Effect.tapError((error) => Effect.logWarning("the live view is delayed", error)),
    // While a store is away its listeners wait; what was missed is shown afterwards.
    Effect.retry(
      Schedule.min([Schedule.exponential("250 millis"), Schedule.spaced("5 seconds")])
    ),
    Effect.repeat(Schedule.spaced(LOOK_EVERY)),
    Effect.forkScoped
  )
  return { listeners }
})
