import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { JobRun } from "../../src/jobs/JobRun.ts"
import { WatermarkClient } from "../../src/types/export/WatermarkClient.ts"
import { ImportClient } from "../../src/types/import/ImportClient.ts"
import { modelQuality } from "../../src/types/model-quality/modelQuality.ts"
import { ModelsClient } from "../../src/types/models/ModelsClient.ts"
import type { Payload } from "../../src/types/score/ScorePayload.ts"
import { score } from "../../src/types/score/score.ts"
import { Pace } from "../../src/types/score/sendScores.ts"
import { train } from "../../src/types/train/train.ts"
import { jobRun, type KeptJob, newJob } from "../TestJobRun.ts"
import { idHash, storeBehaviour, WATERMARK } from "./behaviour.ts"
import { FakeModels } from "./FakeModels.ts"

const DAY = 86_400_000
const PEOPLE = 150

interface Event {
  readonly messageId: string
  readonly userId?: string
  readonly anonymousId?: string
  readonly timestamp: string
  readonly traits: {
    readonly predictions: {
      readonly buys: {
        readonly probability: number
        readonly percentile: number
        readonly version: number
        readonly at: string
      }
    }
  }
}

/** What data-ingestion was sent. */
class Sent {
  readonly events: Array<Event> = []
  /** Before a request is taken. */
  before: Effect.Effect<void> = Effect.void
  readonly client: ImportClient["Service"] = {
    send: (_project, events, before = Effect.void) =>
      // It asks to wait once, and is asked again.
      Effect.map(Effect.all([before, this.before, before]), () => {
        this.events.push(...events.map((text): Event => JSON.parse(text)))
        return { accepted: events.length, rejected: [] }
      })
  }
}

/** What it was at the time. */
const now = { watermark: WATERMARK }

const layer = Layer.mergeAll(
  TestClickHouse.client,
  TestPostgres.client,
  Layer.succeed(WatermarkClient, {
    current: Effect.sync(() => now.watermark),
    changedAt: () => Effect.succeed(null)
  })
)

const doing = (kept: KeptJob, id: string, project: number) => ({
  id,
  projectId: project,
  run: jobRun(kept, { id, projectId: project })
})

const trained = (models: FakeModels, project: number) => {
  const { id, projectId, run } = doing(newJob(), crypto.randomUUID(), project)
  return train
    .run({
      id,
      projectId,
      payload: {
        model: "buys",
        target: { event: "buy", days: 7 },
        features: [
          { kind: "count", event: "buy", days: 7 },
          { kind: "count", event: "view", days: 7 },
          { kind: "days_since_last", event: "buy" }
        ],
        cuts: { until: new Date(WATERMARK - 8 * DAY).toISOString() },
        trees: { trees: 20 }
      }
    })
    .pipe(
      Effect.provideService(JobRun, run),
      Effect.provideService(ModelsClient, models.client)
    )
}

const scored = (
  models: FakeModels,
  sent: Sent,
  kept: KeptJob,
  project: number,
  payload: Payload = { model: "buys" },
  id = crypto.randomUUID()
) => {
  const { projectId, run } = doing(kept, id, project)
  return score
    .run({ id, projectId, payload })
    .pipe(
      Effect.provideService(JobRun, run),
      Effect.provideService(ModelsClient, models.client),
      Effect.provideService(ImportClient, sent.client)
    )
}

/** Stores what was sent as the loader would. */
const store = Effect.fnUntraced(function* (
  project: number,
  events: ReadonlyArray<Event>
) {
  const clickhouse = yield* ClickHouse
  yield* clickhouse.insert({
    table: "events",
    format: "JSONEachRow",
    body: events
      .map((event) => {
        const { buys } = event.traits.predictions
        const id = event.userId ?? event.anonymousId ?? ""
        return JSON.stringify({
          project_id: project,
          event: "$identify",
          type: "identify",
          timestamp: Date.parse(event.timestamp),
          received_at: Date.parse(event.timestamp),
          known_at: Date.parse(event.timestamp) + 1000,
          message_id: event.messageId,
          user_id: event.userId ?? "",
          anonymous_id: event.anonymousId ?? "",
          id_hash: idHash(Number(id.slice(1))),
          props: Object.fromEntries(
            Object.entries(buys).map(([name, value]) => [
              `predictions.buys.${name}`,
              JSON.stringify(value)
            ])
          ),
          context: {}
        })
      })
      .join("\n"),
    settings: { insert_deduplicate: 0 }
  })
})

describe("score and model-quality", () => {
  const { effect } = withLayer(layer)
  const models = new FakeModels()

  effect("tells of everybody once, and measures what came of it", () =>
    Effect.gen(function* () {
      yield* storeBehaviour(21, PEOPLE)
      expect(yield* trained(models, 21)).toMatchObject({ promoted: true })

      // A week before the end, so that what came of it is there already.
      now.watermark = WATERMARK - 8 * DAY
      const sent = new Sent()
      const kept = newJob()
      const result = yield* scored(models, sent, kept, 21)
      expect(result).toMatchObject({
        version: 1,
        people: PEOPLE,
        sent: PEOPLE,
        unchanged: 0,
        rejected: 0
      })
      expect(new Set(sent.events.map(({ messageId }) => messageId)).size).toBe(PEOPLE)
      const predictions = sent.events.map(({ traits }) => traits.predictions.buys)
      for (const { at, percentile, probability, version } of predictions) {
        expect(probability).toBeGreaterThan(0)
        expect(probability).toBeLessThan(1)
        expect(version).toBe(1)
        expect(at).toBe(new Date(now.watermark).toISOString())
        const notAbove = predictions.filter((it) => it.probability <= probability)
        expect(percentile).toBeCloseTo((100 * notAbove.length) / PEOPLE, 1)
      }
      expect(sent.events.filter((it) => it.userId !== undefined)).toHaveLength(100)
      expect(result.drift.features).toHaveLength(3)
      expect(models.versions[0]?.quality[0]).toMatchObject({
        kind: "drift",
        people: PEOPLE
      })

      // Another job of the same day: the same messages.
      const again = new Sent()
      yield* scored(models, again, newJob(), 21)
      expect(again.events.map(({ messageId }) => messageId)).toEqual(
        sent.events.map(({ messageId }) => messageId)
      )

      yield* store(21, sent.events)
      now.watermark += 2000
      const quiet = new Sent()
      expect(
        yield* scored(models, quiet, newJob(), 21, { model: "buys", minChange: 0.01 })
      ).toMatchObject({ people: PEOPLE, sent: 0, unchanged: PEOPLE })
      expect(quiet.events).toEqual([])

      // A thousand older scorings, and a version that somebody else made up.
      const [one] = sent.events
      if (one === undefined) return
      const said = (at: number, version: number): Event => ({
        ...one,
        messageId: `prediction-${version}-${at}`,
        timestamp: new Date(at).toISOString(),
        traits: {
          predictions: { buys: { ...one.traits.predictions.buys, version } }
        }
      })
      const old = WATERMARK - 40 * DAY
      yield* store(21, [
        ...Array.from({ length: 1001 }, (_, hour) => said(old - hour * 3_600_000, 1)),
        said(WATERMARK - 9 * DAY, 999)
      ])

      now.watermark = WATERMARK + DAY
      const measure = (job: KeptJob) => {
        const { id, projectId, run } = doing(job, crypto.randomUUID(), 21)
        return modelQuality
          .run({ id, projectId, payload: { model: "buys" } })
          .pipe(
            Effect.provideService(JobRun, run),
            Effect.provideService(ModelsClient, models.client)
          )
      }
      const { measured } = yield* measure(newJob())
      expect(measured).toMatchObject([{ version: 1, rows: PEOPLE }])
      expect(measured[0]?.auc).toBeGreaterThan(0.7)
      const quality = models.versions[0]?.quality ?? []
      expect(quality.filter((it) => it["kind"] === "outcome")).toMatchObject([
        { rows: PEOPLE, at: predictions[0]?.at }
      ])
      // What was measured is not measured again.
      expect(yield* measure(newJob())).toMatchObject({ measured: [] })
      now.watermark = WATERMARK
    })
  )

  effect("goes on after a crash, and adds one measurement", () =>
    Effect.gen(function* () {
      const sent = new Sent()
      const kept = newJob()
      const id = crypto.randomUUID()
      const before = models.versions[0]?.quality.length ?? 0
      const reached = yield* Deferred.make<void>()
      // The third request of forty people is never answered.
      sent.before = Effect.suspend(() =>
        sent.events.length < 80
          ? Effect.void
          : Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
      )
      const first = yield* Effect.forkChild(
        scored(models, sent, kept, 21, { model: "buys" }, id).pipe(
          Effect.provideService(Pace, { events: 40, inFlight: 1 })
        )
      )
      yield* Deferred.await(reached)
      yield* Fiber.interrupt(first)
      sent.before = Effect.void
      const measured = yield* Deferred.make<void>()
      models.after = (what) =>
        what === "addQuality"
          ? Effect.andThen(Deferred.succeed(measured, undefined), Effect.never)
          : Effect.void
      const second = yield* Effect.forkChild(
        scored(models, sent, kept, 21, { model: "buys" }, id)
      )
      yield* Deferred.await(measured)
      yield* Fiber.interrupt(second)
      models.after = () => Effect.void
      const result = yield* scored(models, sent, kept, 21, { model: "buys" }, id)
      expect(result).toMatchObject({ people: PEOPLE, sent: PEOPLE })
      expect(sent.events).toHaveLength(PEOPLE)
      expect(models.versions[0]?.quality).toHaveLength(before + 1)
    })
  )

  effect("tells nobody anything of who was erased meanwhile", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const sent = new Sent()
      const seen: Array<Event> = []
      let isErased = false
      const erase = (person: number) =>
        Effect.orDie(
          clickhouse.insert({
            table: "removals",
            format: "JSONEachRow",
            body: JSON.stringify({
              project_id: 21,
              removal: crypto.randomUUID(),
              is_range: 0,
              id_hash: idHash(person),
              from_at: 0,
              to_at: 0,
              received_until: WATERMARK,
              known_until: WATERMARK
            })
          })
        )
      // The rows are read; somebody is erased before the first of them is sent.
      models.after = (what) =>
        what !== "infer" || isErased
          ? Effect.void
          : erase(4).pipe(
              Effect.andThen(
                Effect.sync(() => {
                  isErased = true
                })
              )
            )
      const kept = newJob()
      const result = yield* scored(models, sent, kept, 21)
      models.after = () => Effect.void
      // Also while data-ingestion asks to wait.
      let isAsked = false
      const waiting = new Sent()
      waiting.before = Effect.suspend(() => {
        if (isAsked) return Effect.void
        isAsked = true
        return erase(7)
      })
      const late = yield* scored(models, waiting, newJob(), 21)
      expect(late).toMatchObject({ people: PEOPLE - 2, sent: PEOPLE - 2 })
      expect(waiting.events.map(({ userId }) => userId)).not.toContain("u7")
      seen.push(...sent.events)
      expect(result).toMatchObject({ people: PEOPLE - 1, sent: PEOPLE - 1 })
      expect(seen.map(({ userId }) => userId)).not.toContain("u4")
      expect(kept.lines.map(({ message }) => message)).toContain(
        "people were erased: the others are read anew"
      )
    })
  )

  effect("asks a version that no alias names any more, for as long as it takes", () =>
    Effect.gen(function* () {
      const sent = new Sent()
      // Another version becomes champion while people are scored by the first.
      models.versions.push(...models.versions.map((it) => ({ ...it, version: 2 })))
      models.after = (what) =>
        Effect.sync(() => {
          if (what === "version") models.champion = 2
        })
      const result = yield* scored(models, sent, newJob(), 21)
      expect(result).toMatchObject({ version: 1, people: PEOPLE - 2 })
      expect(sent.events).toHaveLength(PEOPLE - 2)
      expect(models.asked.get("load")).toBe(1)
      expect(models.loaded).toBeEmpty()

      // Killed while it was loaded: the next attempt takes it away.
      const kept = newJob()
      const id = crypto.randomUUID()
      kept.checkpoints.set("loaded version 1", true)
      models.loaded.add(1)
      yield* scored(models, sent, kept, 21, { model: "buys", version: 1 }, id)
      expect(models.loaded).toBeEmpty()
      models.after = () => Effect.void
      models.champion = 1
      models.versions.pop()
    })
  )

  effect("says what to do when there is nothing to ask", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(
        scored(models, new Sent(), newJob(), 21, {
          model: "buys",
          version: "challenger"
        })
      )
      expect(failure).toMatchObject({
        _tag: "JobFailed",
        detail: expect.stringContaining("PUT /v1/models/buys/aliases/challenger")
      })
    })
  )
})
