import type { ClickHouse } from "@analytics/database/ClickHouse"
import { Context, Effect, Option, Schema, Stream } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import { JobUnavailable } from "../../jobs/JobType.ts"
import type { WatermarkClient } from "../export/WatermarkClient.ts"
import { ImportClient } from "../import/ImportClient.ts"
import { removalsOf } from "../removal/removalsOf.ts"
import { percentileIn, predictionEvent, type ScoredBy } from "./predictionEvent.ts"
import { Counts } from "./ScorePayload.ts"
import type { Scored, Scores } from "./Scores.ts"

/** How scores are sent. Tests take smaller steps. */
export const Pace = Context.Reference("@analytics/batch-processor/types/score/Pace", {
  defaultValue: () => ({
    /** Events of one request: within what data-ingestion takes by default. */
    events: 1000,
    /** Requests under way at once. */
    inFlight: 4
  })
})

const MOST_NAMED = 20

/** How far it is sent, in the order of people's numbers. */
const Sent = Schema.Struct({ ...Counts.fields, last: Schema.BigIntFromString })

interface Asked {
  readonly projectId: number
  readonly by: ScoredBy
  readonly scores: Scores
  /** What was being erased before anything was read. */
  readonly removals: ReadonlyArray<string>
}

const gone = new JobUnavailable({ what: "A person", detail: "They were erased." })

/** Somebody was erased since the rows were read: nothing more of these is sent. */
export class Erased extends Schema.TaggedError<Erased>()("Erased", {}) {}

/**
 * Sends what is new of the scores, from where an earlier attempt came to. Sending one again
 * is harmless: its messageId is that of the person and the day.
 */
export const sendScores = Effect.fn("Score.send")(function* (asked: Asked) {
  const { by, projectId, removals, scores } = asked
  const pace = yield* Pace
  const run = yield* JobRun
  const client = yield* ImportClient
  const context = yield* Effect.context<ClickHouse | WatermarkClient>()
  const kept = run.checkpoint("sent", Sent)
  const sorted = scores.sorted()
  const known = new Set(removals)
  let so = Option.getOrElse(yield* kept.read, () => ({
    people: 0,
    unchanged: 0,
    sent: 0,
    rejected: 0,
    last: -1n
  }))
  const { last } = so
  let named = 0

  const send = Effect.fnUntraced(function* (people: ReadonlyArray<Scored>) {
    const events = people
      .filter(({ isNew }) => isNew)
      .map((scored) =>
        predictionEvent(by, {
          ...scored,
          percentile: percentileIn(sorted, scored.probability)
        })
      )
    if (events.length === 0) return { people, accepted: 0, rejected: [] }
    let isErased = false
    const check = Effect.gen(function* () {
      const now = yield* removalsOf(projectId)
      isErased = !now.every((removal) => known.has(removal))
      if (isErased) return yield* gone
    }).pipe(Effect.provideContext(context))
    // What is received after an erasure is another person's: data-ingestion may let it wait
    // for minutes, so that each try looks again.
    const answer = yield* Effect.mapError(
      client.send(projectId, events, check),
      (failure) => (isErased ? new Erased() : failure)
    )
    return { people, ...answer }
  })

  yield* Stream.fromAsyncIterable(
    scores.all(),
    () => new JobUnavailable({ what: "The scores", detail: "Their file is gone." })
  ).pipe(
    Stream.filter(({ person }) => person > last),
    Stream.grouped(pace.events),
    Stream.mapEffect(send, { concurrency: pace.inFlight }),
    Stream.runForEach(({ accepted, people, rejected }) =>
      Effect.gen(function* () {
        so = {
          people: so.people + people.length,
          unchanged: so.unchanged + people.filter(({ isNew }) => !isNew).length,
          sent: so.sent + accepted,
          rejected: so.rejected + rejected.length,
          last: people.at(-1)?.person ?? so.last
        }
        yield* kept.save(so)
        for (const { reason } of rejected)
          if (named++ < MOST_NAMED)
            yield* run.log("warning", `a prediction was refused: ${reason}`)
        yield* run.progress({
          done: so.people,
          total: scores.people,
          unit: "people",
          counts: { sent: so.sent, unchanged: so.unchanged, rejected: so.rejected }
        })
      })
    )
  )
  const { last: _, ...counts } = so
  return counts
})
