import { openApiFile } from "@analytics/api-common/OpenApiFile"
import { Effect, Layer, ManagedRuntime } from "effect"
import { type AppServices, about, makeApp } from "./App.ts"

/** Routes are only listed here, never run, so nothing behind them has to exist. */
const nothing = Layer.effectContext<AppServices, never, never>(
  Effect.die("the document needs no services")
)

/** `docs/openapi/reporting-engine.json`, as the routes say it must be. */
export const openApiDocument = () =>
  openApiFile(makeApp(ManagedRuntime.make(nothing)), about)
