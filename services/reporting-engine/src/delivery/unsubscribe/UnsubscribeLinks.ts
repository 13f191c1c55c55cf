import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto"
import { ReportConfig } from "@analytics/config/ReportConfig"
import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"

/** Who wants to hear no more of what. */
export const Unsubscription = Schema.Struct({
  projectId: Schema.Int,
  topic: Schema.String,
  recipient: Schema.String
})
export type Unsubscription = typeof Unsubscription.Type

const Payload = Schema.fromJsonString(
  Schema.Tuple([Schema.Int, Schema.String, Schema.String])
)

/** Links that need no key: whoever holds one may say that one recipient hears no more. */
export class UnsubscribeLinks extends Context.Service<
  UnsubscribeLinks,
  {
    url(who: Unsubscription): string
    /** None: not a token of this installation. */
    read(token: string): Option.Option<Unsubscription>
  }
>()("@analytics/reporting-engine/delivery/unsubscribe/UnsubscribeLinks") {
  static readonly layer = Layer.effect(
    UnsubscribeLinks,
    Effect.map(ReportConfig, ({ publicUrl, secret }) => {
      const key = Buffer.from(
        hkdfSync("sha256", Redacted.value(secret), "", "links to unsubscribe", 32)
      )
      const signed = (body: string) => createHmac("sha256", key).update(body).digest()
      return UnsubscribeLinks.of({
        url: ({ projectId, recipient, topic }) => {
          const body = Buffer.from(
            JSON.stringify([projectId, topic, recipient])
          ).toString("base64url")
          return `${publicUrl}/v1/unsubscribe/${body}.${signed(body).toString("base64url")}`
        },
        read: (token) => {
          const [body = "", given = ""] = token.split(".")
          const mac = Buffer.from(given, "base64url")
          const expected = signed(body)
          if (mac.length !== expected.length || !timingSafeEqual(mac, expected))
            return Option.none()
          const text = Buffer.from(body, "base64url").toString("utf8")
          return Option.map(
            Schema.decodeUnknownOption(Payload)(text),
            ([projectId, topic, recipient]) => ({ projectId, topic, recipient })
          )
        }
      })
    })
  )
}
