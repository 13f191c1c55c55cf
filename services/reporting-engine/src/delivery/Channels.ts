import { DeliveryConfig } from "@analytics/config/DeliveryConfig"
import {
  type ObjectNotFound,
  ObjectStore,
  type ObjectStoreUnavailable,
  type ObjectTooLarge
} from "@analytics/object-store/ObjectStore"
import { Clock, Context, Effect, Layer, Redacted, Schema, Stream } from "effect"
import { type Channel, Hidden } from "../destinations/Destination.ts"
import { addressOf, isAllowed, refusalOf } from "../destinations/recipients.ts"
import { Secrets, type SecretUnreadable } from "../destinations/Secrets.ts"
import type { Begun, Claim } from "./DeliveryRepo.ts"
import { composeMail, type MailFile } from "./email/composeMail.ts"
import { Smtp } from "./email/Smtp.ts"
import type { MessageFile } from "./Message.ts"
import { type Outcome, outcome } from "./Outcome.ts"
import { OutgoingHttp } from "./OutgoingHttp.ts"
import { slackMessage } from "./slack/slackMessage.ts"
import { storedKey } from "./storedKey.ts"
import { UnsubscribeLinks } from "./unsubscribe/UnsubscribeLinks.ts"
import { webhookRequest } from "./webhook/webhookRequest.ts"

/**
 * Whether the other side knows what it gets twice: receivers of webhooks by the id, the
 * object store because the second writes the same object. Mail and chats do not.
 */
export const isRepeatable = (channel: Channel): boolean =>
  channel === "webhook" || channel === "store"

/** What belongs to one attempt. */
export interface Sending {
  readonly claim: Claim
  readonly begun: Begun
  /** Run right before the other side may have it; false: nothing may be sent. */
  readonly handing: Effect.Effect<boolean>
}

type Sent = Effect.Effect<
  Outcome,
  | ObjectNotFound
  | ObjectStoreUnavailable
  | ObjectTooLarge
  | Schema.SchemaError
  | SecretUnreadable
>

/** How messages leave: e-mail, Slack, webhooks, the object store. */
export class Channels extends Context.Service<
  Channels,
  { send(sending: Sending): Effect.Effect<Outcome> }
>()("@analytics/reporting-engine/delivery/Channels") {
  static readonly layer = Layer.effect(
    Channels,
    Effect.gen(function* () {
      const config = yield* DeliveryConfig
      const http = yield* OutgoingHttp
      const links = yield* UnsubscribeLinks
      const secrets = yield* Secrets
      const smtp = yield* Smtp
      const store = yield* ObjectStore
      const hiddenOf = Schema.decodeUnknownEffect(Schema.fromJsonString(Hidden))
      const sender = senderOf(config.smtpFrom)

      const hidden = ({ begun, claim }: Sending) =>
        secrets
          .open(ownerOf(claim.projectId, claim.destinationId), begun.secret ?? "")
          .pipe(Effect.flatMap((text) => hiddenOf(Redacted.value(text))))

      const read = Effect.fnUntraced(function* (file: MessageFile) {
        const chunks = yield* Stream.runCollect(store.get(file.key))
        const { mediaType, name } = file
        return { name, mediaType, bytes: new Uint8Array(Buffer.concat(chunks)) }
      })

      const email = Effect.fnUntraced(function* ({ begun, claim, handing }: Sending) {
        const to = addressOf(claim.recipient)
        if (to === undefined)
          return outcome("refused", null, "It is not an e-mail address.")
        if (!isAllowed(config.recipients, to))
          return outcome("refused", null, refusalOf(to))
        const { message } = begun
        const images = yield* Effect.forEach(message.images ?? [], (image) =>
          Effect.map(read(image), (file) => ({ ...file, cid: image.cid }))
        )
        const attachments: Array<MailFile> = []
        const linked: Array<{ readonly name: string; readonly url: string }> = []
        let room = config.maxAttachments
        for (const file of message.files ?? []) {
          if (file.bytes <= room) {
            room -= file.bytes
            attachments.push(yield* read(file))
          } else if (file.url !== null) linked.push({ name: file.name, url: file.url })
        }
        const again = claim.resends === 0 ? "" : `.${claim.resends}`
        const raw = yield* Effect.promise(() =>
          composeMail({
            from: config.smtpFrom,
            to,
            messageId: `<${claim.id}${again}@${sender.slice(sender.indexOf("@") + 1)}>`,
            date: claim.createdAt,
            message,
            unsubscribe: links.url({
              projectId: claim.projectId,
              topic: claim.topic,
              recipient: claim.recipient
            }),
            images,
            attachments,
            links: linked
          })
        )
        return yield* smtp.send({ from: sender, to }, raw, handing)
      })

      const slack = Effect.fnUntraced(function* (sending: Sending) {
        const { url } = yield* hidden(sending)
        if (!(yield* sending.handing)) return notOurs
        const body = JSON.stringify(slackMessage(sending.begun.message))
        return yield* http.post(url, {}, body)
      })

      const webhook = Effect.fnUntraced(function* (sending: Sending) {
        const { signing = [], url } = yield* hidden(sending)
        const { begun, claim } = sending
        const now = yield* Clock.currentTimeMillis
        const { body, headers } = webhookRequest(claim.id, begun.message, signing, now)
        if (!(yield* sending.handing)) return notOurs
        return yield* http.post(url, headers, body)
      })

      const stored = Effect.fnUntraced(function* ({ begun, claim, handing }: Sending) {
        const { message, settings } = begun
        if (!(yield* handing)) return notOurs
        const folder = storedKey(claim.projectId, settings.prefix ?? "", claim)
        for (const file of message.files ?? [])
          yield* store.put(`${folder}/${file.name}`, store.get(file.key))
        const { images: _, html: __, ...about } = message
        const text = new TextEncoder().encode(JSON.stringify(about, null, 2))
        yield* store.put(`${folder}/message.json`, Stream.make(text))
        return outcome("accepted", null, folder)
      })

      const channels: Readonly<Record<Channel, (sending: Sending) => Sent>> = {
        email,
        slack,
        webhook,
        store: stored
      }
      return Channels.of({
        send: Effect.fn("Channels.send")((sending) =>
          channels[sending.claim.channel](sending).pipe(
            Effect.catchTags({
              ObjectStoreUnavailable: ({ message }) => later(message),
              ObjectTooLarge: () => never("A file is too large."),
              ObjectNotFound: ({ key }) => never(`The file ${key} is gone.`),
              SecretUnreadable: () => never(UNREADABLE),
              SchemaError: () => never(UNREADABLE)
            })
          )
        )
      })
    })
  )
}

const notOurs = outcome("deferred", null, "It was not handed over.")
const later = (detail: string) => Effect.succeed(outcome("deferred", null, detail))
const never = (detail: string) => Effect.succeed(outcome("refused", null, detail))
const UNREADABLE =
  "What is kept of the destination cannot be read with this REPORTING_SECRET: set its URL anew."

/** What seals a destination's secret to it. */
export const ownerOf = (projectId: number, destinationId: string): string =>
  `destination:${projectId}:${destinationId}`

/** `Name <address>` → the address. */
const senderOf = (from: string): string => /<([^<>]+)>\s*$/u.exec(from)?.[1] ?? from
