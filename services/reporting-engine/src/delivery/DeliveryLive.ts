import { DeliveryConfig } from "@analytics/config/DeliveryConfig"
import { Layer } from "effect"
import { DestinationRepo } from "../destinations/DestinationRepo.ts"
import { Destinations } from "../destinations/Destinations.ts"
import { Secrets } from "../destinations/Secrets.ts"
import { Channels } from "./Channels.ts"
import { Deliveries } from "./Deliveries.ts"
import { DeliveryRepo } from "./DeliveryRepo.ts"
import { Smtp } from "./email/Smtp.ts"
import { Outbox } from "./Outbox.ts"
import * as OutboxWatch from "./OutboxWatch.ts"
import { OutgoingHttp } from "./OutgoingHttp.ts"
import { Sender } from "./Sender.ts"
import { UnsubscribeLinks } from "./unsubscribe/UnsubscribeLinks.ts"

/** Destinations, the outbox, the ledger, and the loop that sends. */
export const DeliveryLive = Layer.mergeAll(
  Destinations.layer,
  Sender.loop,
  OutboxWatch.layer
).pipe(
  Layer.provide(Sender.layer),
  Layer.provide(Channels.layer),
  Layer.provideMerge(Deliveries.layer),
  Layer.provideMerge(
    Layer.mergeAll(DestinationRepo.layer, DeliveryRepo.layer, Outbox.layer)
  ),
  Layer.provideMerge(
    Layer.mergeAll(
      OutgoingHttp.layer,
      Secrets.layer,
      Smtp.layer,
      UnsubscribeLinks.layer
    )
  ),
  Layer.provide(DeliveryConfig.layer)
)
