import { QueryConfig } from "@analytics/config/QueryConfig"
import { QueryLoadConfig } from "@analytics/config/QueryLoadConfig"
import { Layer } from "effect"
import { AnnotationRepo } from "../annotations/AnnotationRepo.ts"
import { Annotations } from "../annotations/Annotations.ts"
import { DashboardRepo } from "../dashboards/DashboardRepo.ts"
import { DashboardResults } from "../dashboards/DashboardResults.ts"
import { Dashboards } from "../dashboards/Dashboards.ts"
import { QueryRepo } from "../query/QueryRepo.ts"
import { Watermark } from "../query/Watermark.ts"
import { ShareLinksLive } from "../shareLinks/ShareLinksLive.ts"
import { InsightRepo } from "./InsightRepo.ts"
import { Insights } from "./Insights.ts"
import { InsightVersionRepo } from "./InsightVersionRepo.ts"

/** What a team saved, on Postgres; it is asked through `Results` and `Queries`. */
export const InsightsLive = Layer.merge(DashboardResults.layer, ShareLinksLive).pipe(
  Layer.provideMerge(Dashboards.layer),
  Layer.provideMerge(Insights.layer),
  Layer.merge(Annotations.layer.pipe(Layer.provide(AnnotationRepo.layer))),
  Layer.provide([InsightRepo.layer, InsightVersionRepo.layer, DashboardRepo.layer]),
  Layer.provide([QueryRepo.layer, Watermark.layer]),
  Layer.provide([QueryConfig.layer, QueryLoadConfig.layer])
)
