import { readLine } from "@analytics/data-processing/EventLine"
import { faultOf } from "@analytics/data-processing/ExactJson"
import {
  decodeLine,
  encodeLine,
  type InboxEvent,
  type QuarantineReason
} from "@analytics/data-processing/InboxEvent"
import { monthsOf } from "@analytics/data-processing/Months"
import type { ProjectRules } from "@analytics/data-processing/settings/ProjectRules"
import { timeFault } from "@analytics/data-processing/Timestamps"
import { Clock, Context, Effect, Layer, Option, Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { rowsOf } from "../inbox/InboxRow.ts"
import { ShardMap } from "../inbox/ShardMap.ts"
import type { ProjectKey } from "../keys/ProjectKey.ts"
import { RuleBook } from "../receive/RuleBook.ts"
import type { StoreUnavailable } from "../StoreUnavailable.ts"
import { type Kept, QuarantineRepo } from "./QuarantineRepo.ts"

export class QuarantinedNotFound extends HttpApiError.Problem<QuarantinedNotFound>()(
  "QuarantinedNotFound",
  {
    type: "urn:analytics:problem:quarantined-not-found",
    status: 404,
    title: "No such quarantined event, or it was replayed already"
  },
  { id: Schema.String }
) {}

/** What kept the event out still does. */
export class StillFaulty extends HttpApiError.Problem<StillFaulty>()(
  "StillFaulty",
  {
    type: "urn:analytics:problem:still-faulty",
    status: 409,
    title: "The event still cannot be stored"
  },
  { id: Schema.String, reason: Schema.String }
) {}

/** How many one call may replay; the rest wait for the next call. */
const REPLAY_AT_ONCE = 1000

/** Events that were acknowledged and cannot be stored as they are. */
export class Quarantine extends Context.Service<
  Quarantine,
  {
    /** Oldest first, after the id `after`. */
    list(
      projectId: number,
      after: bigint,
      limit: number
    ): Effect.Effect<ReadonlyArray<Kept>, StoreUnavailable>
    /**
     * Moves one event back to pending, once: it is judged by today's rules, gets a new
     * `knownAt`, and is a duplicate if its id was stored meanwhile.
     */
    replay(
      key: ProjectKey,
      id: bigint
    ): Effect.Effect<void, QuarantinedNotFound | StillFaulty | StoreUnavailable>
    /** The same for up to a thousand; events that are still faulty stay. */
    replayAll(
      key: ProjectKey,
      after: bigint
    ): Effect.Effect<
      {
        readonly replayed: number
        readonly stillFaulty: number
        /** Where the next call goes on; absent at the end. */
        readonly next: bigint | undefined
      },
      StoreUnavailable
    >
  }
>()("@analytics/data-ingestion/quarantine/Quarantine") {
  static readonly layer = Layer.effect(
    Quarantine,
    Effect.gen(function* () {
      const repo = yield* QuarantineRepo
      const shardMap = yield* ShardMap
      const ruleBook = yield* RuleBook

      const requeue = Effect.fnUntraced(function* (
        projectId: number,
        kept: ReadonlyArray<Kept & { readonly revived: InboxEvent }>
      ) {
        const events = kept.map(({ revived }) => revived)
        // Live events go first.
        const rowsFor = (chosen: ReadonlyArray<InboxEvent>) =>
          rowsOf(
            [
              {
                projectId,
                lane: "bulk",
                messageIds: chosen.map(({ m }) => m),
                months: monthsOf(chosen),
                lines: chosen.map(encodeLine)
              }
            ],
            shardMap.current()
          )
        return yield* repo.replay(
          projectId,
          kept.map(({ id }) => id),
          (moved) => rowsFor(events.filter((_, at) => moved.has(kept[at]?.id ?? -1n))),
          shardMap.refresh
        )
      })

      return Quarantine.of({
        list: repo.list,

        replay: Effect.fn("Quarantine.replay")(function* (key, id) {
          const { projectId } = key
          const rules = ruleBook.of(key)
          const now = yield* Clock.currentTimeMillis
          const kept = yield* repo.byId(projectId, id)
          if (Option.isNone(kept))
            return yield* new QuarantinedNotFound({ id: String(id) })
          const revived = revive(kept.value.event, now, rules)
          if (typeof revived === "string")
            return yield* new StillFaulty({ id: String(id), reason: revived })
          const moved = yield* requeue(projectId, [{ ...kept.value, revived }])
          if (moved === 0) return yield* new QuarantinedNotFound({ id: String(id) })
        }),

        replayAll: Effect.fn("Quarantine.replayAll")(function* (key, after) {
          const { projectId } = key
          const rules = ruleBook.of(key)
          const now = yield* Clock.currentTimeMillis
          const kept = yield* repo.list(projectId, after, REPLAY_AT_ONCE)
          const judged = kept.map((each) => ({
            ...each,
            revived: revive(each.event, now, rules)
          }))
          const sound = judged.flatMap(({ revived, ...each }) =>
            typeof revived === "string" ? [] : [{ ...each, revived }]
          )
          const replayed = sound.length === 0 ? 0 : yield* requeue(projectId, sound)
          return {
            replayed,
            stillFaulty: judged.length - sound.length,
            next: kept.length < REPLAY_AT_ONCE ? undefined : kept.at(-1)?.id
          }
        })
      })
    })
  )
}

/** The event without its marks, or what is still wrong with it. */
export const revive = (
  line: string,
  now: number,
  rules?: Pick<ProjectRules, "expect">
): InboxEvent | QuarantineReason => {
  const read = readable(line)
  if (read === undefined) return "unreadable"
  // `k` goes too: what was known then is not what is known now.
  const { k: _, q, qd: __, w: ___, ...event } = read
  // Its time is that of receipt, because nobody could read the client's.
  if (q === "timestamp_unreadable") return q
  // Nobody knows yet what its client meant.
  if (q === "malformed") return q
  const fault =
    timeFault(event.t, now) ??
    (event.d && faultOf(event.d)) ??
    (event.c && faultOf(event.c))
  if (fault !== undefined) return fault
  const judged: InboxEvent = rules?.expect(event, []) ?? event
  return judged.q ?? judged
}

/** Characters of what was sent that are shown: enough to tell which client it was. */
const MOST_SHOWN = 1000

/** What a malformed event was when it was sent. */
export const sentIn = (line: string): string | undefined => {
  const sent = readable(line)?.d?.["sent"]
  return typeof sent === "string" ? sent.slice(0, MOST_SHOWN).toWellFormed() : undefined
}

const readable = (line: string): InboxEvent | undefined => {
  try {
    const bytes = Buffer.from(line)
    readLine(bytes, 0, bytes.length)
    return decodeLine(line)
  } catch {
    return undefined
  }
}
