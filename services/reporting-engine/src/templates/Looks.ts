import { TrendsResult } from "@analytics/analytics-core/query/trends/TrendsResult"
import { Effect, Schema } from "effect"
import type { Analytics } from "../analytics/Analytics.ts"
import type { Catalogue } from "../analytics/AnalyticsViews.ts"
import { dimensions } from "./found.ts"

/** What a template asks about the data itself, where names do not tell. */
export interface Looks {
  /** A property whose values make a readable split of that event; undefined: none does. */
  readonly splitBy: (event: string | undefined) => Effect.Effect<string | undefined>
  /** Names of events that have the property, the most frequent first. */
  readonly eventsWith: (property: string) => Effect.Effect<ReadonlyArray<string>>
}

const DAY = 86_400_000
/** The newest data is looked at, so much of it. */
const LOOK = 90 * DAY
/** Who asks for a template waits for all of them together. */
const LONGEST = "10 seconds"
/** Properties that are tried. */
const MOST_TRIED = 8
/** Groups that a reader can still tell apart. */
const MOST_GROUPS = 12
/** A split in which one group is nearly everything, or the rest is most, tells little. */
const MOST_OF_ONE = 0.97
const MOST_OF_OTHER = 0.5

const readTrends = Schema.decodeUnknownEffect(TrendsResult)

/** Looks that fail find nothing: a report can be made without them. */
export const looksOf = (
  analytics: Analytics["Service"],
  projectId: number,
  found: Catalogue
): Looks => {
  const seen = found.events.map(({ lastSeen }) => Date.parse(lastSeen))
  const to = Math.max(0, ...seen.filter(Number.isFinite)) + 1
  const groups = (series: object, breakdown: string) =>
    analytics
      .query(projectId, {
        kind: "trends",
        from: new Date(Math.max(0, to - LOOK)).toISOString(),
        to: new Date(to).toISOString(),
        interval: "none",
        series: [{ measure: "total", ...series }],
        breakdown: [breakdown],
        breakdownLimit: MOST_GROUPS
      })
      .pipe(
        Effect.timeout(LONGEST),
        Effect.flatMap(({ result }) => readTrends(result)),
        Effect.map(({ series: lines }) =>
          lines.map(({ breakdown: values, data, other }) => ({
            value: values?.[0] ?? null,
            other,
            count: data[0] ?? 0
          }))
        ),
        Effect.catch((problem) =>
          Effect.as(
            Effect.logWarning("a template could not look at the data", {
              projectId,
              detail: problem.message
            }),
            []
          )
        )
      )

  const isReadable = Effect.fnUntraced(function* (
    property: string,
    event: string | undefined
  ) {
    const all = yield* groups(event === undefined ? {} : { event }, property)
    const sum = (of: typeof all) => of.reduce((total, { count }) => total + count, 0)
    const known = all.filter(({ other, value }) => !other && value !== null)
    const whole = sum(all)
    const most = Math.max(0, ...all.map(({ count }) => count))
    return (
      known.length >= 2 &&
      most <= whole * MOST_OF_ONE &&
      sum(all.filter(({ other }) => other)) <= whole * MOST_OF_OTHER
    )
  })

  return {
    splitBy: (event) =>
      Effect.gen(function* () {
        for (const property of dimensions(found, event).slice(0, MOST_TRIED))
          if (yield* isReadable(property, event)) return property
        return undefined
      }),
    eventsWith: (property) =>
      Effect.map(groups({ filters: [{ property, op: "is_set" }] }, "$event"), (all) =>
        all.flatMap(({ count, value }) =>
          typeof value === "string" && count > 0 ? [value] : []
        )
      )
  }
}
