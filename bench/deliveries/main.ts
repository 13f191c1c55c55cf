import { join } from "node:path"
import { DeliveryConfig } from "@analytics/config/DeliveryConfig"
import { ReportConfig } from "@analytics/config/ReportConfig"
import * as Postgres from "@analytics/database/Postgres"
import * as FolderObjectStore from "@analytics/object-store/FolderObjectStore"
import { Channels } from "@analytics/reporting-engine/delivery/Channels"
import { DeliveryRepo } from "@analytics/reporting-engine/delivery/DeliveryRepo"
import { Smtp } from "@analytics/reporting-engine/delivery/email/Smtp"
import { Outbox } from "@analytics/reporting-engine/delivery/Outbox"
import { OutgoingHttp } from "@analytics/reporting-engine/delivery/OutgoingHttp"
import { Sender } from "@analytics/reporting-engine/delivery/Sender"
import { UnsubscribeLinks } from "@analytics/reporting-engine/delivery/unsubscribe/UnsubscribeLinks"
import type { NewDestination } from "@analytics/reporting-engine/destinations/Destination"
import { DestinationRepo } from "@analytics/reporting-engine/destinations/DestinationRepo"
import { Destinations } from "@analytics/reporting-engine/destinations/Destinations"
import { Secrets } from "@analytics/reporting-engine/destinations/Secrets"
import { temporaryFolder } from "@analytics/testing/TestServers"
import { Effect, Layer, Option, Redacted } from "effect"
import {
  message,
  reportConfig
} from "../../services/reporting-engine/test/delivery/DeliveryTest.ts"
import { hookServer } from "../../services/reporting-engine/test/delivery/HookServer.ts"
import { mailServer } from "../../services/reporting-engine/test/delivery/MailServer.ts"
import { postgres } from "../jobs/stores.ts"

/**
 * How many messages one process sends in a second, each written down before and after, over
 * a Postgres that syncs its commits: e-mail of 20 KB to an SMTP server that parses it, and
 * signed webhooks, both on this machine.
 */
const MESSAGES = Number(process.env["BENCH_MESSAGES"] ?? "400")
const owner = { projectId: 1, actor: "bench" }

const servers = Effect.acquireRelease(
  Effect.promise(async () => ({ mail: await mailServer(), hooks: hookServer() })),
  ({ hooks, mail }) =>
    Effect.promise(async () => {
      hooks.close()
      await mail.close()
    })
)

const senders = (senders: number, smtpUrl: string, host: string, folder: string) =>
  Layer.mergeAll(Sender.layer, Destinations.layer).pipe(
    Layer.provide(Channels.layer),
    Layer.provideMerge(
      Layer.mergeAll(DestinationRepo.layer, DeliveryRepo.layer, Outbox.layer)
    ),
    Layer.provide([
      Secrets.layer,
      UnsubscribeLinks.layer,
      Smtp.layer,
      OutgoingHttp.layer,
      FolderObjectStore.layerOf(folder)
    ]),
    Layer.provide([
      DeliveryConfig.layerOf({
        smtpUrl: Option.some(Redacted.make(smtpUrl)),
        smtpFrom: "Reports <reports@example.org>",
        recipients: ["example.com"],
        outgoingHosts: [host],
        maxAttachments: 1_000_000,
        senders,
        uncertain: "hold"
      }),
      ReportConfig.layerOf(reportConfig)
    ])
  )

const measured = Effect.fnUntraced(function* (name: string, target: NewDestination) {
  const outbox = yield* Outbox
  const { id } = yield* (yield* Destinations).create(owner, target)
  const { once } = yield* Sender
  const html = `<p>${"a week ".repeat(3000)}</p>`
  const about = `${name}:${crypto.randomUUID()}`
  for (let nth = 0; nth < MESSAGES; nth++)
    yield* outbox.enqueue({
      projectId: owner.projectId,
      about: `${about}:${nth}`,
      topic: "bench",
      targets: [id],
      message: { ...message, html }
    })
  const start = performance.now()
  let sent = 0
  while (sent < MESSAGES) sent += yield* once
  const seconds = (performance.now() - start) / 1000
  process.stdout.write(
    `${name.padEnd(24)}${(MESSAGES / seconds).toFixed(0).padStart(8)}\n`
  )
})

const bench = Effect.gen(function* () {
  const { hooks, mail } = yield* servers
  const folder = join(yield* temporaryFolder, "objects")
  process.stdout.write(`${"".padEnd(24)}${"a second".padStart(8)}\n`)
  for (const count of [1, 8, 32]) {
    yield* Effect.gen(function* () {
      yield* measured(`e-mail, ${count} at once`, {
        kind: "email",
        name: "Ann",
        addresses: ["ann@example.com"]
      })
      yield* measured(`webhook, ${count} at once`, {
        kind: "webhook",
        name: "Hook",
        url: hooks.url("/taken")
      })
    }).pipe(Effect.provide(Layer.fresh(senders(count, mail.url, hooks.host, folder))))
  }
}).pipe(Effect.provide(Postgres.layer.pipe(Layer.provide(postgres))), Effect.scoped)

if (import.meta.main) await Effect.runPromise(bench)
