import { CatalogueConfig } from "@analytics/config/CatalogueConfig"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { Effect, Layer } from "effect"
import { CohortRefreshRepo } from "../cohorts/refresh/CohortRefreshRepo.ts"
import { Watermark } from "../query/Watermark.ts"
import { BatchCountsRepo } from "./BatchCountsRepo.ts"
import { CatalogueRefresh } from "./CatalogueRefresh.ts"
import { CatalogueRepo } from "./CatalogueRepo.ts"
import { Forgetting } from "./Forgetting.ts"
import { ProgressRepo } from "./ProgressRepo.ts"

/**
 * Refreshes again and again, at once while it is behind. A failure waits its turn; that
 * the watermark cannot be had is logged where it is asked for.
 */
const Refreshing = Layer.effectDiscard(
  Effect.gen(function* () {
    const { interval } = yield* CatalogueConfig
    const { step } = yield* CatalogueRefresh
    const look = step.pipe(
      Effect.catchTag("QueriesUnavailable", () => Effect.succeed(false)),
      Effect.catchCause((cause) =>
        Effect.logWarning("the catalogue could not be refreshed", cause).pipe(
          Effect.as(false)
        )
      )
    )
    yield* Effect.sleep(interval).pipe(
      Effect.andThen(Effect.repeat(look, { while: (isBehind) => isBehind })),
      Effect.forever,
      Effect.forkScoped
    )
  })
)

/** What there is to ask about, in Postgres, counted from ClickHouse in the background. */
export const CatalogueLive = Layer.mergeAll(
  CatalogueRepo.layer,
  Forgetting.layer.pipe(
    Layer.provide([BatchCountsRepo.layer, CohortRefreshRepo.layer])
  ),
  Refreshing.pipe(
    Layer.provide(CatalogueRefresh.layer),
    Layer.provide([BatchCountsRepo.layer, ProgressRepo.layer, Watermark.layer]),
    Layer.provide([CatalogueConfig.layer, QueryConfig.layer])
  )
)
