import { QueryConfig } from "@analytics/config/QueryConfig"
import { Layer } from "effect"
import { People } from "./People.ts"
import { PersonLinks } from "./PersonLinks.ts"

/** People, on queries and the ledger of data-ingestion. */
export const PeopleLive = People.layer.pipe(
  Layer.provideMerge(PersonLinks.layer),
  Layer.provide(QueryConfig.layer)
)
