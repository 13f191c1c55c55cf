import { Context, Layer, type Option, type Redacted } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  smtpUrl: "SMTP_URL",
  smtpFrom: "SMTP_FROM",
  recipients: "REPORT_RECIPIENTS",
  outgoingHosts: "REPORT_OUTGOING_HOSTS",
  maxAttachments: "REPORT_MAX_ATTACHMENTS",
  senders: "REPORT_SENDERS",
  uncertain: "REPORT_UNCERTAIN"
})

/** How messages leave the installation, and to whom they may. */
export class DeliveryConfig extends Context.Service<
  DeliveryConfig,
  {
    readonly smtpUrl: Option.Option<Redacted.Redacted>
    /** `Name <address>`. */
    readonly smtpFrom: string
    readonly recipients: ReadonlyArray<string>
    readonly outgoingHosts: ReadonlyArray<string>
    /** Bytes of one e-mail. */
    readonly maxAttachments: number
    /** At once. */
    readonly senders: number
    readonly uncertain: "hold" | "resend"
  }
>()("@analytics/config/DeliveryConfig") {
  static readonly layer = Layer.effect(DeliveryConfig, fields)

  static readonly layerOf = (values: DeliveryConfig["Service"]) =>
    Layer.succeed(DeliveryConfig, values)
}
