import type { FeatureSpec } from "./FeatureSpec.ts"

/**
 * The same features, with a zone for the clocks of those that look at clocks and name
 * none. A model keeps what it gives: the project may get another zone later.
 */
export const inZone = (
  features: ReadonlyArray<FeatureSpec>,
  timezone: string
): ReadonlyArray<FeatureSpec> =>
  features.map((spec) =>
    (spec.kind === "hour_share" || spec.kind === "weekday_share") &&
    spec.timezone === undefined
      ? { ...spec, timezone }
      : spec
  )
