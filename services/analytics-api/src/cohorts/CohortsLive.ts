import { QueryConfig } from "@analytics/config/QueryConfig"
import { Layer } from "effect"
import { QueryRepo } from "../query/QueryRepo.ts"
import { CohortRepo } from "./CohortRepo.ts"
import { Cohorts } from "./Cohorts.ts"
import { MemberRepo } from "./MemberRepo.ts"

/** Cohorts, on Postgres and ClickHouse. */
export const CohortsLive = Cohorts.layer.pipe(
  Layer.provide([CohortRepo.layer, MemberRepo.layer, QueryRepo.layer]),
  Layer.provide(QueryConfig.layer)
)
