import type { Health } from "@analytics/api-common/Health"
import { healthRoutes } from "@analytics/api-common/HealthRoutes"
import { openApi } from "@analytics/api-common/OpenApi"
import type { ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import { type ReceiveServices, receiveRoutes } from "./receive/ReceiveRoutes.ts"
import { type WatermarkServices, watermarkRoutes } from "./watermark/WatermarkRoutes.ts"

/** Everything a handler of this service may ask for. */
export type AppServices = Health | ReceiveServices | WatermarkServices

export type AppRuntime = ManagedRuntime.ManagedRuntime<AppServices, unknown>

/**
 * The whole HTTP surface. The routes that receive come first, so that the hooks of the
 * others do not run for every event.
 */
export const makeApp = (runtime: AppRuntime) =>
  new Elysia()
    .use(receiveRoutes(runtime))
    .use(
      openApi({
        title: "data-ingestion",
        version: "1",
        description: "Takes events in, and tells what became of each."
      })
    )
    .use(watermarkRoutes(runtime))
    .use(healthRoutes(runtime))

/** The client side of this API: `treaty<App>(url)`. */
export type App = ReturnType<typeof makeApp>
