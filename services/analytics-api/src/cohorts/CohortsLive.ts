import { QueryConfig } from "@analytics/config/QueryConfig"
import { Layer } from "effect"
import { QueryRepo } from "../query/QueryRepo.ts"
import { CohortRepo } from "./CohortRepo.ts"
import { Cohorts } from "./Cohorts.ts"
import { MemberRepo } from "./MemberRepo.ts"
import { WatermarkHolds } from "./WatermarkHolds.ts"

/** Cohorts, on Postgres, ClickHouse and the watermark of data-ingestion. */
export const CohortsLive = Cohorts.layer.pipe(
  Layer.provide([
    CohortRepo.layer,
    MemberRepo.layer,
    QueryRepo.layer,
    WatermarkHolds.layer
  ]),
  Layer.provide(QueryConfig.layer)
)
