import type { FeatureSpec } from "./FeatureSpec.ts"

/** An event of the project as its catalogue knows it. */
export interface KnownEvent {
  readonly name: string
  /** How often it happened, if that is known: the most frequent are taken. */
  readonly count?: number
  /** Properties that hold numbers worth adding up, as amounts of money. */
  readonly numbers?: ReadonlyArray<string>
}

/** A good automatic set, so that training needs no features to be given. */
export const defaultFeatures = (
  events: ReadonlyArray<KnownEvent>
): ReadonlyArray<FeatureSpec> =>
  events.map(({ name }) => ({ kind: "count", event: name }))
