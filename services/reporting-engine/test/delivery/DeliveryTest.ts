import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DeliveryConfig } from "@analytics/config/DeliveryConfig"
import { ReportConfig } from "@analytics/config/ReportConfig"
import * as FolderObjectStore from "@analytics/object-store/FolderObjectStore"
import type { ObjectStore } from "@analytics/object-store/ObjectStore"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Duration, Effect, Layer, Logger, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { Channels } from "../../src/delivery/Channels.ts"
import { Deliveries } from "../../src/delivery/Deliveries.ts"
import { DeliveryRepo } from "../../src/delivery/DeliveryRepo.ts"
import { Smtp } from "../../src/delivery/email/Smtp.ts"
import type { Message } from "../../src/delivery/Message.ts"
import { Outbox } from "../../src/delivery/Outbox.ts"
import { OutgoingHttp } from "../../src/delivery/OutgoingHttp.ts"
import { Sender } from "../../src/delivery/Sender.ts"
import { UnsubscribeLinks } from "../../src/delivery/unsubscribe/UnsubscribeLinks.ts"
import type { NewDestination } from "../../src/destinations/Destination.ts"
import { DestinationRepo } from "../../src/destinations/DestinationRepo.ts"
import { Destinations } from "../../src/destinations/Destinations.ts"
import { Secrets } from "../../src/destinations/Secrets.ts"

export const owner = { projectId: 7, actor: "key-1" }

export const reportConfig: ReportConfig["Service"] = {
  secret: Redacted.make("a secret of at least thirty-two characters"),
  publicUrl: "https://reports.example.com",
  batchProcessorUrl: "http://127.0.0.1:9",
  sectionsAtOnce: 4,
  renderers: 1,
  renderMemory: 1_000_000_000,
  renderTimeout: Duration.seconds(60),
  renderQueue: 64,
  rendersPerProcess: 100,
  retention: Duration.days(400),
  linkLifetime: Duration.days(7)
}

export interface Servers {
  readonly smtpUrl?: string
  /** Hosts that may be reached although they are here. */
  readonly hosts?: ReadonlyArray<string>
  readonly uncertain?: "hold" | "resend"
}

export const objects = () => mkdtempSync(join(tmpdir(), "analytics-delivery-"))

/** A folder of that path, or a store of any other kind. */
const storeOf = (place: string | Layer.Layer<ObjectStore>) =>
  typeof place === "string" ? FolderObjectStore.layerOf(place) : place

/** Everything but the channels and the sender, which a test may make crash. */
export const storesTest = (
  { hosts = [], smtpUrl, uncertain = "hold" }: Servers,
  place: string | Layer.Layer<ObjectStore>
) =>
  Layer.mergeAll(DestinationRepo.layer, DeliveryRepo.layer, Outbox.layer).pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        Secrets.layer,
        UnsubscribeLinks.layer,
        Smtp.layer,
        OutgoingHttp.layer
      )
    ),
    Layer.provideMerge(
      Layer.mergeAll(
        DeliveryConfig.layerOf({
          smtpUrl: Option.map(Option.fromUndefinedOr(smtpUrl), (url) =>
            Redacted.make(url)
          ),
          smtpFrom: "Reports <reports@example.org>",
          recipients: ["example.com", "ann@example.net"],
          outgoingHosts: hosts,
          maxAttachments: 1000,
          senders: 4,
          uncertain
        }),
        ReportConfig.layerOf(reportConfig)
      )
    ),
    Layer.provideMerge(storeOf(place)),
    Layer.provideMerge(TestPostgres.client),
    Layer.provideMerge(Logger.layer([])),
    Layer.provideMerge(TestClock.layer())
  )

export const deliveryTest = (
  servers: Servers,
  place: string | Layer.Layer<ObjectStore>
) =>
  Layer.mergeAll(Sender.layer, Deliveries.layer, Destinations.layer).pipe(
    Layer.provideMerge(Channels.layer),
    Layer.provideMerge(storesTest(servers, place))
  )

export const message: Message = {
  kind: "report",
  title: "Week 12",
  summary: "1,204 visitors, 4 % more than the week before.",
  data: { visitors: 1204 },
  at: "2026-03-23T00:00:00.000Z"
}

/** A destination of project 7; answers its id. */
export const destination = Effect.fnUntraced(function* (made: NewDestination) {
  return (yield* (yield* Destinations).create(owner, made)).id
})

let made = 0

/** Puts a message into the outbox; answers what it is about. */
export const enqueue = Effect.fnUntraced(function* (
  targets: ReadonlyArray<string>,
  more: Partial<Message> = {}
) {
  const about = `test:${++made}`
  yield* (yield* Outbox).enqueue({
    projectId: owner.projectId,
    about,
    topic: "subscription:1",
    targets,
    message: { ...message, ...more }
  })
  return about
})

/** The ledger of what a message became. */
export const ledger = Effect.fnUntraced(function* (about: string) {
  const page = { before: undefined, limit: 100 }
  return (yield* (yield* Deliveries).page(owner.projectId, { about }, page)).deliveries
})

/** Goes on until nothing is due, days ahead. */
export const sendAll = Effect.fnUntraced(function* (looks = 12) {
  const { once } = yield* Sender
  for (let look = 0; look < looks; look++) {
    while ((yield* once) > 0);
    yield* TestClock.adjust("10 hours")
  }
})
