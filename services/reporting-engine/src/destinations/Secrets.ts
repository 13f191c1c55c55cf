import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto"
import { ReportConfig } from "@analytics/config/ReportConfig"
import { Context, Effect, Layer, Redacted, Schema } from "effect"

/** A secret that was written with another `REPORTING_SECRET`, or was tampered with. */
export class SecretUnreadable extends Schema.TaggedError<SecretUnreadable>()(
  "SecretUnreadable",
  {}
) {}

/**
 * Secrets of destinations at rest: AES-256-GCM, bound to their owner, so that one that is
 * copied to another row opens nothing.
 */
export class Secrets extends Context.Service<
  Secrets,
  {
    seal(owner: string, secret: Redacted.Redacted): string
    open(
      owner: string,
      sealed: string
    ): Effect.Effect<Redacted.Redacted, SecretUnreadable>
  }
>()("@analytics/reporting-engine/destinations/Secrets") {
  static readonly layer = Layer.effect(
    Secrets,
    Effect.map(ReportConfig, ({ secret }) => {
      const key = Buffer.from(
        hkdfSync("sha256", Redacted.value(secret), "", "secrets of destinations", 32)
      )
      return Secrets.of({
        seal: (owner, text) => {
          const iv = randomBytes(12)
          const cipher = createCipheriv("aes-256-gcm", key, iv)
          cipher.setAAD(Buffer.from(owner))
          const body = Buffer.concat([
            cipher.update(Redacted.value(text), "utf8"),
            cipher.final()
          ])
          const all = Buffer.concat([iv, cipher.getAuthTag(), body])
          return `v1.${all.toString("base64url")}`
        },
        open: (owner, sealed) =>
          Effect.try({
            try: () => {
              const all = Buffer.from(sealed.slice("v1.".length), "base64url")
              const cipher = createDecipheriv("aes-256-gcm", key, all.subarray(0, 12), {
                authTagLength: 16
              })
              cipher.setAAD(Buffer.from(owner))
              cipher.setAuthTag(all.subarray(12, 28))
              const body = [cipher.update(all.subarray(28)), cipher.final()]
              return Redacted.make(Buffer.concat(body).toString("utf8"))
            },
            catch: () => new SecretUnreadable()
          })
      })
    })
  )
}
