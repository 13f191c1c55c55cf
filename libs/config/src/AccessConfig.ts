import type { Redacted } from "effect"
import { Context, Layer } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({ adminKey: "ADMIN_KEY", serviceKey: "SERVICE_KEY" })

/** The keys that belong to the installation and not to a project. */
export class AccessConfig extends Context.Service<
  AccessConfig,
  {
    readonly adminKey: Redacted.Redacted
    readonly serviceKey: Redacted.Redacted
  }
>()("@analytics/config/AccessConfig") {
  static readonly layer = Layer.effect(AccessConfig, fields)

  static readonly layerOf = (values: AccessConfig["Service"]) =>
    Layer.succeed(AccessConfig, values)
}
