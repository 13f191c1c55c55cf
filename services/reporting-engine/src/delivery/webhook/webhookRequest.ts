import { Webhook } from "standardwebhooks"
import type { Message } from "../Message.ts"

const SECRET_BYTES = 32

/** A new signing secret, as receivers are given it. */
export const newSigningSecret = (): string =>
  `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))).toString("base64")}`

/**
 * A message by Standard Webhooks. The id is the delivery's own, so that receivers know an
 * attempt that comes twice; while a secret is replaced there is a signature by each.
 */
export const webhookRequest = (
  id: string,
  message: Message,
  secrets: ReadonlyArray<string>,
  now: number
): { readonly headers: Record<string, string>; readonly body: string } => {
  const { at, data, facts = [], files = [], kind, link, summary, title } = message
  const body = JSON.stringify({
    type: `${kind === "alert" || kind === "test" ? kind : `report.${kind === "report" ? "sent" : kind}`}`,
    timestamp: at,
    data: {
      title,
      summary,
      link: link ?? null,
      facts,
      files: files.map(({ bytes, mediaType, name, url }) => ({
        name,
        mediaType,
        bytes,
        url
      })),
      details: data
    }
  })
  const signatures = secrets.map((secret) =>
    new Webhook(secret).sign(id, new Date(now), body)
  )
  return {
    headers: {
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(now / 1000)),
      "webhook-signature": signatures.join(" ")
    },
    body
  }
}
