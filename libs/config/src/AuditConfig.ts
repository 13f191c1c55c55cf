import { Context, type Duration, Layer } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({ retention: "AUDIT_RETENTION" })

/** How long it is known who read and wrote what. */
export class AuditConfig extends Context.Service<
  AuditConfig,
  { readonly retention: Duration.Duration }
>()("@analytics/config/AuditConfig") {
  static readonly layer = Layer.effect(AuditConfig, fields)

  static readonly layerOf = (values: AuditConfig["Service"]) =>
    Layer.succeed(AuditConfig, values)
}
