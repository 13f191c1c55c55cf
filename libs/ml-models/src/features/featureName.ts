import { canonical } from "./canonical.ts"
import type { FeatureSpec } from "./FeatureSpec.ts"

const hashOf = (value: unknown): string =>
  new Bun.CryptoHasher("sha256").update(canonical(value)).digest("hex")

/** SHA-256 (hex) of what the columns mean, for lineage; names do not count. */
export const featuresHash = (features: ReadonlyArray<FeatureSpec>): string =>
  hashOf(features.map(({ name: _, ...meaning }) => meaning))

/**
 * What a feature is called: `count(purchase, 30d)`, `sum(purchase.revenue, 90d)`. The same
 * spec always has the same name, two different ones have two.
 */
export const featureName = (spec: FeatureSpec): string => {
  const { name, ...meaning } = spec
  if (name !== undefined) return name
  const mark = needsMark(spec) ? `#${hashOf(meaning).slice(0, 8)}` : ""
  return `${spec.kind}(${argumentsOf(spec).join(", ")})${mark}`
}

export const featureNames = (
  features: ReadonlyArray<FeatureSpec>
): ReadonlyArray<string> => features.map(featureName)

const argumentsOf = (spec: FeatureSpec): ReadonlyArray<string> => {
  if (spec.kind === "trait_is") return [spec.trait, spec.in.join("|")]
  if (spec.kind === "trait_number") return [spec.trait]
  const event = spec.event ?? "any"
  const of = "property" in spec ? `${event}.${spec.property}` : event
  const days = spec.days === undefined ? [] : [`${spec.days}d`]
  if (spec.kind === "latest_is") return [of, spec.in.join("|"), ...days]
  if (spec.kind === "hour_share")
    return [of, `${spec.fromHour}-${spec.toHour}h`, ...days]
  if (spec.kind === "weekday_share") return [of, spec.weekdays.join("|"), ...days]
  return [of, ...days]
}

/** Whether the words leave something out, or might be those of another spec. */
const needsMark = (spec: FeatureSpec): boolean => {
  if ("trait" in spec) return "in" in spec
  const { event = "" } = spec
  const property = "property" in spec ? spec.property : undefined
  return (
    ["filters", "timezone", "in"].some((key) => key in spec) ||
    event === "any" ||
    [event, property].some((text) => text?.includes(",")) ||
    (property !== undefined && event.includes("."))
  )
}
