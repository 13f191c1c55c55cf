import { QueryConfig } from "@analytics/config/QueryConfig"
import { Layer } from "effect"
import { QueryRepo } from "../query/QueryRepo.ts"
import { Watermark } from "../query/Watermark.ts"
import { CohortRepo } from "./CohortRepo.ts"
import { Cohorts } from "./Cohorts.ts"
import { MemberRepo } from "./MemberRepo.ts"
import { CohortPeopleRepo } from "./refresh/CohortPeopleRepo.ts"
import { CohortRefreshes } from "./refresh/CohortRefreshes.ts"
import { CohortRefreshRepo } from "./refresh/CohortRefreshRepo.ts"
import { WatermarkHolds } from "./WatermarkHolds.ts"

/** Cohorts, on Postgres, ClickHouse and the watermark of data-ingestion. */
export const CohortsLive = Layer.merge(Cohorts.layer, CohortRefreshes.layer).pipe(
  Layer.provide([
    CohortRepo.layer,
    CohortRefreshRepo.layer,
    CohortPeopleRepo.layer,
    MemberRepo.layer,
    QueryRepo.layer,
    Watermark.layer,
    WatermarkHolds.layer
  ]),
  Layer.provide(QueryConfig.layer)
)
