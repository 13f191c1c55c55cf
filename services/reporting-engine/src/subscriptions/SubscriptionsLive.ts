import { Layer } from "effect"
import { BatchSchedules } from "./BatchSchedules.ts"
import { ReportMessages } from "./ReportMessages.ts"
import { ScheduleSync } from "./ScheduleSync.ts"
import * as SubscriptionLoop from "./SubscriptionLoop.ts"
import { SubscriptionRepo } from "./SubscriptionRepo.ts"
import { SubscriptionRunRepo } from "./SubscriptionRunRepo.ts"
import { SubscriptionRuns } from "./SubscriptionRuns.ts"
import { Subscriptions } from "./Subscriptions.ts"
import { SubscriptionWorker } from "./SubscriptionWorker.ts"

/** Subscriptions, their schedules in batch-processor, and the loop that sends them. */
export const SubscriptionsLive = Layer.merge(
  SubscriptionLoop.layer.pipe(
    Layer.provide(Layer.merge(ScheduleSync.layer, SubscriptionWorker.layer))
  ),
  Layer.merge(Subscriptions.layer, SubscriptionRuns.layer)
).pipe(
  Layer.provide(ReportMessages.layer),
  Layer.provide(
    Layer.mergeAll(
      BatchSchedules.layer,
      SubscriptionRepo.layer,
      SubscriptionRunRepo.layer
    )
  )
)
