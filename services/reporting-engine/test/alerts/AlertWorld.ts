import { ReportConfig } from "@analytics/config/ReportConfig"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Clock, Duration, Effect, Layer, Logger, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import type { NewAlert } from "../../src/alerts/AlertDefinition.ts"
import { EvidenceUnavailable } from "../../src/alerts/AlertProblems.ts"
import { AlertRepo } from "../../src/alerts/AlertRepo.ts"
import { Alerts } from "../../src/alerts/Alerts.ts"
import { AlertWork } from "../../src/alerts/AlertWork.ts"
import { bucketsBetween } from "../../src/alerts/alertBuckets.ts"
import { Evaluator } from "../../src/alerts/Evaluator.ts"
import { Evidences, type MutedTime } from "../../src/alerts/Evidences.ts"
import { timelineOfAlert } from "../../src/alerts/judgeBuckets.ts"
import { NoticeSender } from "../../src/alerts/NoticeSender.ts"
import type { Message } from "../../src/delivery/Message.ts"
import { Outbox, type Outgoing } from "../../src/delivery/Outbox.ts"
import { DestinationRepo } from "../../src/destinations/DestinationRepo.ts"

/** What alerts of a test see: the numbers of its buckets, and who is away. */
export class World {
  /** By start of the bucket, in epoch milliseconds. */
  value: (start: number) => number | null = () => 0
  /** Which values are unusual; everything is expected to be 10. */
  isOdd: (value: number | null) => boolean = (value) => (value ?? 0) > 50
  muted: ReadonlyArray<MutedTime> = []
  analyticsAway = false
  inferenceAway = false
  /** How far the watermark is behind the clock, in milliseconds. */
  lag = 0
  questions = 0
  /** What happens once, while numbers are asked for. */
  meanwhile: Effect.Effect<void> = Effect.void
  sent: Array<Outgoing> = []
  outboxAway = false

  messages(): ReadonlyArray<Message> {
    return this.sent.map(({ message }) => message)
  }
}

const away = new EvidenceUnavailable({ detail: "It is away." })

const evidencesOf = (world: World) =>
  Layer.succeed(Evidences, {
    values: Effect.fnUntraced(function* (_, alert, from, to) {
      world.questions++
      const { meanwhile } = world
      world.meanwhile = Effect.void
      yield* meanwhile
      if (world.analyticsAway) return yield* away
      const asOf = (yield* Clock.currentTimeMillis) - world.lag
      const values = bucketsBetween(timelineOfAlert(alert), from, to).map(
        ({ start }) => ({ start, value: world.value(start) })
      )
      return { values, asOf }
    }),
    anomaly: Effect.fnUntraced(function* (_, __, values) {
      if (world.inferenceAway) return yield* away
      const value = values.at(-1)?.value ?? null
      const kind = world.isOdd(value) ? ("high" as const) : null
      return { kind, expected: 10, lower: 5, upper: 50 }
    }),
    mutedTimes: (_, from, to) =>
      Effect.succeed(world.muted.filter((time) => time.from < to && time.to > from)),
    watermark: Effect.suspend(() =>
      world.analyticsAway
        ? Effect.fail(away)
        : Effect.map(Clock.currentTimeMillis, (now) => now - world.lag)
    ),
    timezone: () => Effect.succeed("Europe/Berlin")
  })

const outboxOf = (world: World) =>
  Layer.succeed(Outbox, {
    enqueue: (outgoing) =>
      Effect.suspend(() => {
        if (world.outboxAway) return Effect.die(new Error("the outbox is away"))
        world.sent.push(outgoing)
        return Effect.succeed({ deliveries: 1, missing: [] })
      })
  })

export const publicUrl = "http://reports.test"

const Config = ReportConfig.layerOf({
  secret: Redacted.make("a secret of thirty-two characters"),
  publicUrl,
  batchProcessorUrl: "http://batch.test",
  sectionsAtOnce: 1,
  renderers: 1,
  renderMemory: 1,
  renderTimeout: Duration.seconds(1),
  renderQueue: 1,
  rendersPerProcess: 1,
  retention: Duration.days(1),
  linkLifetime: Duration.days(1)
})

/** Every destination is there but this one. */
export const gone = "0198c6a8-0000-7000-8000-00000000dead"
const DestinationsHere = Layer.mock(DestinationRepo, {
  existing: (_, ids) => Effect.succeed(new Set(ids.filter((id) => id !== gone)))
})

/** Alerts over a real Postgres, with such a world around them. */
export const alertsIn = (world: World) =>
  Layer.mergeAll(Alerts.layer, Evaluator.layer, NoticeSender.layer).pipe(
    Layer.provideMerge(Layer.merge(AlertRepo.layer, AlertWork.layer)),
    Layer.provide([evidencesOf(world), outboxOf(world), DestinationsHere, Config]),
    Layer.provideMerge(TestPostgres.client),
    Layer.provideMerge(Logger.layer([]))
  )

export const asker = { actor: "key-1", projectId: 7 }
export const destination = "0198c6a8-0000-7000-8000-000000000001"

export const above10: NewAlert = {
  name: "Too many",
  query: { kind: "trends", series: [{ measure: "total" }] },
  interval: "hour",
  condition: { kind: "threshold", direction: "above", value: 10 },
  destinations: [destination]
}

/** Goes on to an instant, and lets one process look and send there. */
export const at = Effect.fnUntraced(function* (instant: number | string) {
  const now = typeof instant === "number" ? instant : Date.parse(instant)
  yield* TestClock.setTime(now)
  const { look } = yield* Evaluator
  const { send } = yield* NoticeSender
  const found = yield* look(now)
  yield* send(now)
  return found
})

/** Looks again and again until nothing is due. */
export const settled = Effect.fnUntraced(function* (instant: number | string) {
  for (let looks = 0; looks < 5; looks++) if ((yield* at(instant)) === 0) return
})

export const create = Effect.fnUntraced(function* (
  when: string,
  over: Partial<NewAlert> = {}
) {
  yield* TestClock.setTime(Date.parse(when))
  return yield* (yield* Alerts).create(asker, { ...above10, ...over })
})

/** What was judged, oldest first. */
export const historyOf = Effect.fnUntraced(function* (id: string) {
  const { evaluations } = yield* (yield* Alerts).evaluations(asker, id, {
    after: undefined,
    limit: 1000
  })
  return evaluations.toReversed()
})

export const noticesOf = Effect.fnUntraced(function* (id: string) {
  const { notices } = yield* (yield* Alerts).notices(asker, id, {
    after: undefined,
    limit: 1000
  })
  return notices.toReversed()
})

/** Alerts of other tests are none of this one's business. */
export const forgetOthers = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DELETE FROM reports.alerts`
})

/** A test with a clock of its own, and with no alerts but its own. */
export const alone = <A, E, R>(test: Effect.Effect<A, E, R>) =>
  Effect.andThen(forgetOthers, test).pipe(Effect.provide(TestClock.layer()))
