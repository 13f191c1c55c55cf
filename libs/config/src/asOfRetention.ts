import { Effect } from "effect"
import * as Settings from "./Settings.ts"

/**
 * How far back an `asOf` may lie. Who asks refuses what is older, and links between ids that
 * only such an answer could need are removed.
 */
export const asOfRetention = Settings.load({ retention: "AS_OF_RETENTION" }).pipe(
  Effect.map(({ retention }) => retention)
)
