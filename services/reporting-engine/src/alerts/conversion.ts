import { FunnelResult } from "@analytics/analytics-core/query/funnel/Funnel"
import { Option, Schema } from "effect"
import type { AlertDefinition } from "./AlertDefinition.ts"
import { AlertInvalid } from "./AlertProblems.ts"
import type { Bucket } from "./alertBuckets.ts"

type Query = Readonly<Record<string, unknown>>

/** A funnel is asked bucket by bucket: so many of one look, or of one back-test. */
export const MOST_FUNNELS = 200

/** Fields that say what is asked about when. */
const ofTheMoment = ["range", "from", "to", "asOf", "compare", "cursor"]

export const isFunnel = (asked: Query): boolean => asked["kind"] === "funnel"

/** An alert's funnel, all of its steps within one bucket. */
export const funnelOf = (
  { series, timezone }: AlertDefinition,
  asked: Query,
  { end, start }: Bucket
): Query => ({
  ...Object.fromEntries(
    Object.entries(asked).filter(
      ([field]) =>
        !ofTheMoment.includes(field) &&
        // Without a group that is watched everybody is.
        (series?.breakdown !== undefined || !field.startsWith("breakdown"))
    )
  ),
  timezone,
  from: new Date(start).toISOString(),
  to: new Date(end).toISOString()
})

const answered = Schema.decodeUnknownOption(FunnelResult)

/**
 * The share of those who began that came to the watched step (the last one, unless `name`
 * is the event of another), from 0 to 1; null: nobody began.
 */
export const conversionOf = (
  { query, series }: AlertDefinition,
  result: unknown
): number | null | AlertInvalid => {
  const found = Option.getOrUndefined(answered(result))
  if (found === undefined)
    return AlertInvalid.at(query === null ? "/insightId" : "/query", "It has no steps")
  const wanted = JSON.stringify(series?.breakdown ?? null)
  const group = found.groups.find(
    ({ breakdown, other }) => !other && JSON.stringify(breakdown) === wanted
  )
  if (group === undefined) return null
  const { name } = series ?? {}
  const step =
    name === undefined
      ? group.steps.at(-1)
      : group.steps.findLast(({ event }) => event === name)
  if (step !== undefined) return step.rateFromFirst
  const names = group.steps.map(({ event }) => `"${event}"`)
  return AlertInvalid.at("/series/name", `Name one of the steps: ${names.join(", ")}`)
}
