import { InferenceConfig } from "@analytics/config/InferenceConfig"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { QueryLoadConfig } from "@analytics/config/QueryLoadConfig"
import { Layer } from "effect"
import { CohortRepo } from "../cohorts/CohortRepo.ts"
import { CohortRefreshRepo } from "../cohorts/refresh/CohortRefreshRepo.ts"
import { Live } from "../live/Live.ts"
import { KeptResultsRepo } from "../results/KeptResultsRepo.ts"
import { Results } from "../results/Results.ts"
import { History } from "./History.ts"
import * as OutlookClient from "./OutlookClient.ts"
import { Queries } from "./Queries.ts"
import { QueryCost } from "./QueryCost.ts"
import { QueryRepo } from "./QueryRepo.ts"
import { QueryRuns } from "./QueryRuns.ts"
import { QueryRunsRepo } from "./QueryRunsRepo.ts"
import { Watermark } from "./Watermark.ts"

/** Questions, on ClickHouse and the watermark of data-ingestion. */
export const QueriesLive = QueryRuns.layer.pipe(
  Layer.merge(Results.layer),
  Layer.provideMerge(Queries.layer),
  Layer.merge(Live.layer),
  Layer.provide([QueryRunsRepo.layer, KeptResultsRepo.layer]),
  Layer.provide([QueryRepo.layer, QueryCost.layer]),
  Layer.provide([CohortRepo.layer, CohortRefreshRepo.layer]),
  Layer.provide([Watermark.layer, History.layer, OutlookClient.layer]),
  Layer.provide([QueryConfig.layer, QueryLoadConfig.layer, InferenceConfig.layer])
)
