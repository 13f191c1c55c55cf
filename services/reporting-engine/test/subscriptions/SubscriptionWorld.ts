import { renderDocument } from "@analytics/reports/renderDocument"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import type { Definition } from "../../src/definitions/ReportDefinition.ts"
import { ReportRepo } from "../../src/definitions/ReportRepo.ts"
import { Channels } from "../../src/delivery/Channels.ts"
import { Deliveries } from "../../src/delivery/Deliveries.ts"
import { Sender } from "../../src/delivery/Sender.ts"
import type { NewDestination } from "../../src/destinations/Destination.ts"
import { Destinations } from "../../src/destinations/Destinations.ts"
import { RunFiles } from "../../src/files/RunFiles.ts"
import { Renderer } from "../../src/rendering/Renderer.ts"
import * as LiveReportRuns from "../../src/runs/LiveReportRuns.ts"
import { RunRepo } from "../../src/runs/RunRepo.ts"
import {
  BatchSchedules,
  ScheduleNotKept
} from "../../src/subscriptions/BatchSchedules.ts"
import { ReportMessages } from "../../src/subscriptions/ReportMessages.ts"
import { ScheduleSync } from "../../src/subscriptions/ScheduleSync.ts"
import type { NewSubscription } from "../../src/subscriptions/Subscription.ts"
import { SubscriptionRepo } from "../../src/subscriptions/SubscriptionRepo.ts"
import type { SubscriptionRow } from "../../src/subscriptions/SubscriptionRow.ts"
import { SubscriptionRunRepo } from "../../src/subscriptions/SubscriptionRunRepo.ts"
import { SubscriptionRuns } from "../../src/subscriptions/SubscriptionRuns.ts"
import { Subscriptions } from "../../src/subscriptions/Subscriptions.ts"
import { SubscriptionWorker } from "../../src/subscriptions/SubscriptionWorker.ts"
import { objects, owner, type Servers, storesTest } from "../delivery/DeliveryTest.ts"
import { analyticsOf, ReportWorld } from "../runs/ReportWorld.ts"

/** What subscriptions of a test see: numbers, a watermark, and batch-processor. */
export class SubscriptionWorld extends ReportWorld {
  /** What batch-processor has. */
  readonly schedules = new Map<string, Pick<SubscriptionRow, "cron" | "timezone">>()
  batchAway = false
  /** Why batch-processor takes none. */
  refusal: string | undefined
}

const batchOf = (world: SubscriptionWorld) => {
  const there = Effect.suspend(() =>
    world.batchAway
      ? Effect.fail(new ScheduleNotKept({ detail: "It is away.", isRefused: false }))
      : world.refusal === undefined
        ? Effect.void
        : Effect.fail(new ScheduleNotKept({ detail: world.refusal, isRefused: true }))
  )
  return Layer.succeed(BatchSchedules, {
    put: ({ cron, id, timezone }) =>
      Effect.andThen(
        there,
        Effect.sync(() => world.schedules.set(id, { cron, timezone }))
      ).pipe(Effect.asVoid),
    remove: (_, id) =>
      Effect.andThen(
        there,
        Effect.sync(() => world.schedules.delete(id))
      ).pipe(Effect.asVoid)
  })
}

/** Renders here: processes have tests of their own. */
const RendererHere = Layer.succeed(Renderer, {
  render: (document, format) => Effect.promise(() => renderDocument(document, format))
})

/** Subscriptions and what sends them, over a real Postgres, with such a world around them. */
export const subscriptionsIn = (world: SubscriptionWorld, servers: Servers = {}) =>
  Layer.mergeAll(
    Subscriptions.layer,
    SubscriptionRuns.layer,
    ScheduleSync.layer,
    SubscriptionWorker.layer,
    Sender.layer
  ).pipe(
    Layer.provideMerge(Layer.merge(ReportMessages.layer, Channels.layer)),
    Layer.provideMerge(
      Layer.mergeAll(
        LiveReportRuns.layer,
        SubscriptionRepo.layer,
        SubscriptionRunRepo.layer,
        Deliveries.layer,
        Destinations.layer
      )
    ),
    Layer.provideMerge(Layer.mergeAll(ReportRepo.layer, RunRepo.layer, RunFiles.layer)),
    Layer.provideMerge(
      Layer.mergeAll(analyticsOf(world), batchOf(world), RendererHere)
    ),
    Layer.provideMerge(storesTest(servers, objects()))
  )

export const definition: Definition = {
  title: "Orders of the week",
  timezone: "Europe/Berlin",
  range: "last_week",
  sections: [
    {
      type: "metrics",
      metrics: [
        {
          title: "Orders",
          query: {
            kind: "trends",
            interval: "none",
            series: [{ event: "Order", measure: "total" }]
          },
          compare: false
        }
      ]
    }
  ]
}

/** A report, somewhere to send it, and a subscription, each of project 7. */
export const subscribed = Effect.fnUntraced(function* (
  given: Partial<NewSubscription> = {},
  target: NewDestination = { kind: "store", name: "Lake", prefix: "weekly" },
  reported: Definition = definition
) {
  const made = yield* (yield* ReportRepo).insert(owner, {
    name: reported.title,
    definition: reported,
    template: null
  })
  const { id: reportId } = yield* Effect.fromOption(made)
  const { id: destination } = yield* (yield* Destinations).create(owner, target)
  const subscription = yield* (yield* Subscriptions).create(owner, {
    name: "Leads",
    reportId,
    destinations: [destination],
    schedule: { days: ["mon"], at: "08:00" },
    timezone: "Europe/Berlin",
    formats: ["json"],
    ...given
  })
  return { reportId, destination, subscription }
})

/** Asks as the job of batch-processor does. */
export const asked = Effect.fnUntraced(function* (
  id: string,
  scheduledFor: string,
  jobRun = 1
) {
  return yield* (yield* SubscriptionRuns).ask(id, {
    projectId: owner.projectId,
    scheduledFor: new Date(scheduledFor),
    jobRun
  })
})

/** Lets a process look at an instant. */
export const lookAt = Effect.fnUntraced(function* (instant: string) {
  yield* TestClock.setTime(Date.parse(instant))
  return yield* (yield* SubscriptionWorker).once
})

/** What was put into the outbox about a subscription, oldest first. */
export const messagesOf = Effect.fnUntraced(function* (id: string) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<{
    about: string
    content: {
      kind: string
      title: string
      summary: string
      files?: ReadonlyArray<{ name: string }>
    }
  }>`
    SELECT about, content FROM reports.messages
     WHERE about LIKE ${`subscription:${id}@%`} ORDER BY id`
})

/** Subscriptions of other tests are none of this one's business. */
export const forgetOthers = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DELETE FROM reports.subscriptions`
  yield* sql`UPDATE reports.deliveries SET state = 'refused' WHERE state = 'pending'`
})

/** A test with a clock of its own, and with no subscriptions but its own. */
export const alone = <A, E, R>(test: Effect.Effect<A, E, R>) =>
  Effect.andThen(forgetOthers, test).pipe(Effect.provide(TestClock.layer()))
