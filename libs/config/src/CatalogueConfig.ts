import { Context, type Duration, Layer } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({ interval: "CATALOGUE_REFRESH_INTERVAL" })

/** How the catalogue of events and properties follows the event store. */
export class CatalogueConfig extends Context.Service<
  CatalogueConfig,
  {
    /** Between two looks at the event store when nothing is left to do. */
    readonly interval: Duration.Duration
  }
>()("@analytics/config/CatalogueConfig") {
  static readonly layer = Layer.effect(CatalogueConfig, fields)
}
