import { QueryConfig } from "@analytics/config/QueryConfig"
import { Layer } from "effect"
import { Queries } from "./Queries.ts"
import { QueryRepo } from "./QueryRepo.ts"
import { Watermark } from "./Watermark.ts"

/** Questions, on ClickHouse and the watermark of data-ingestion. */
export const QueriesLive = Queries.layer.pipe(
  Layer.provide(QueryRepo.layer),
  Layer.provide(Watermark.layer),
  Layer.provide(QueryConfig.layer)
)
