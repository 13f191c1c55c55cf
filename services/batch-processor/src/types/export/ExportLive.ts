import { Layer } from "effect"
import { QueryClient } from "./QueryClient.ts"
import { WatermarkClient } from "./WatermarkClient.ts"

/** What exports need besides settings and the stores. */
export const ExportLive = Layer.merge(QueryClient.layer, WatermarkClient.layer)
