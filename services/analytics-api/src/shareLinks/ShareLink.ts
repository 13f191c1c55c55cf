import { commonFields, Instant } from "@analytics/analytics-core/query/Common"
import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { DashboardId, MAX_TILES } from "../dashboards/Dashboard.ts"
import { InsightChart, InsightId } from "../insights/Insight.ts"
import { sharedKinds } from "./shareable.ts"

export const ShareLinkId = Schema.String.check(Schema.isUUID())
export type ShareLinkId = typeof ShareLinkId.Type

export const DEFAULT_FLOOR = 10
/** Of two, each would learn the other's. */
const LEAST_FLOOR = 3
const MOST_FLOOR = 1000
/** How long a link may be good, in days. */
export const MOST_DAYS = 366

const Of = Schema.Union([
  Schema.Struct({ insight: InsightId }),
  Schema.Struct({ dashboard: DashboardId })
]).annotate({ description: "An insight, or a dashboard with all its tiles" })

const Floor = Schema.Int.check(
  Schema.isBetween({ minimum: LEAST_FLOOR, maximum: MOST_FLOOR })
).annotate({
  description: `A number that fewer people stand behind is null (${DEFAULT_FLOOR})`
})

const Tiles = Schema.Array(Schema.String.check(Schema.isUUID()))
  .check(Schema.isMinLength(1), Schema.isMaxLength(MAX_TILES))
  .annotate({ description: "Which tiles of the dashboard it shows (all)" })

const { filters, from, range, timezone, to } = commonFields

/** What the link says instead of what is saved. Who holds it cannot change it. */
const fixed = {
  range,
  from,
  to,
  timezone,
  filters,
  tiles: Schema.optionalKey(Tiles)
}

/** What `POST /v1/share-links` takes. */
export const NewShareLink = Schema.Struct({
  of: Of,
  expiresAt: Instant.pipe(Schema.decodeTo(Schema.DateFromString)),
  floor: Schema.optionalKey(Floor),
  ...fixed
}).check(
  Schema.makeFilter(({ from: start, of, range: name, tiles, to: end }) => {
    if (tiles !== undefined && !("dashboard" in of))
      return { path: ["tiles"], issue: "Only a dashboard has tiles; leave it out" }
    if (name !== undefined && (start !== undefined || end !== undefined))
      return { path: ["range"], issue: "Give range, or from and to" }
    return (start === undefined) === (end === undefined)
      ? undefined
      : { path: [start === undefined ? "from" : "to"], issue: "Give from and to" }
  })
)
export type NewShareLink = typeof NewShareLink.Type

export const FixedParts = Schema.Struct(fixed)
export type FixedParts = typeof FixedParts.Type

export const ShareLink = Schema.Struct({
  id: ShareLinkId,
  of: Of,
  floor: Schema.Int,
  ...fixed,
  expiresAt: Schema.DateFromString,
  revokedAt: Schema.NullOr(Schema.DateFromString),
  createdBy: Schema.String.annotate({ description: "The id of a key" }),
  createdAt: Schema.DateFromString,
  uses: Schema.Int.annotate({ description: "How often it was opened" }),
  lastUsedAt: Schema.NullOr(Schema.DateFromString)
})
export type ShareLink = typeof ShareLink.Type

/** With the token, which is shown this once. */
export const CreatedShareLink = Schema.Struct({
  ...ShareLink.fields,
  token: Schema.String.annotate({
    description: "For `GET /v1/shared/{token}`; only its hash is kept"
  })
})

export const shareLinkExample = {
  of: { insight: "0192f0c1-0000-7000-8000-000000000001" },
  expiresAt: "2027-01-31T00:00:00Z",
  floor: 10,
  range: "last_30d"
}

/** What of a question its chart is labelled with; not what narrows it. */
export const Asked = Schema.Struct({
  interval: Schema.optionalKey(Schema.String),
  series: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        name: Schema.optionalKey(Schema.String),
        event: Schema.optionalKey(Schema.String),
        measure: Schema.String,
        property: Schema.optionalKey(Schema.String)
      })
    )
  ),
  formula: Schema.optionalKey(Schema.String),
  breakdown: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Of retention: which of its periods are over depends on it. */
  windows: Schema.optionalKey(Schema.String)
})

const Answered = Schema.Struct({
  type: Schema.Literal("answer"),
  name: Schema.String,
  description: Schema.String,
  chart: InsightChart,
  kind: Schema.Literals(sharedKinds),
  timezone: Schema.String.annotate({ description: "Of its buckets, IANA" }),
  asked: Asked.annotate({
    description: "As in the question, to write on a chart: its interval, what it counts"
  }),
  result: Schema.Unknown.annotate({
    description:
      "As of `POST /v1/query`, with null where fewer people than the floor stand behind a number, or where it would tell such a number"
  })
})

const Refused = Schema.Struct({
  type: Schema.Literal("problem"),
  name: Schema.String,
  detail: Schema.String
})

const Text = Schema.Struct({
  type: Schema.Literal("markdown"),
  markdown: Schema.String
})

/** What `GET /v1/shared/{token}` answers: one tile of an insight, all of a dashboard. */
export const Shared = Schema.Struct({
  name: Schema.String,
  description: Schema.String,
  floor: Schema.Int,
  asOf: Schema.DateFromString.annotate({
    description: "Only what was known by then counts: the last full hour"
  }),
  expiresAt: Schema.DateFromString,
  tiles: Schema.Array(Schema.Union([Answered, Refused, Text]))
})
export type Shared = typeof Shared.Type
export type SharedTile = Shared["tiles"][number]

/** No token of a link that is known, or what it shared is gone. */
export class SharedNotFound extends HttpApiError.Problem<SharedNotFound>()(
  "SharedNotFound",
  {
    type: "urn:analytics:problem:shared-not-found",
    status: 404,
    title: "There is nothing here"
  }
) {}

/** Only who once held a good link learns that it was one, not how it ended. */
export class SharedGone extends HttpApiError.Problem<SharedGone>()("SharedGone", {
  type: "urn:analytics:problem:shared-gone",
  status: 410,
  title: "This link has ended; ask who gave it to you for another"
}) {}

/** No such share link of the asking project. */
export class ShareLinkNotFound extends HttpApiError.Problem<ShareLinkNotFound>()(
  "ShareLinkNotFound",
  {
    type: "urn:analytics:problem:share-link-not-found",
    status: 404,
    title: "There is no such share link"
  },
  { shareLinkId: ShareLinkId }
) {}

/** The project has as many as one may. */
export class TooManyShareLinks extends HttpApiError.Problem<TooManyShareLinks>()(
  "TooManyShareLinks",
  {
    type: "urn:analytics:problem:too-many-share-links",
    status: 409,
    title: "The project has as many share links as one may; revoke some"
  }
) {}

/** One link is opened more often than it may be. */
export class SharedTooOften extends HttpApiError.Problem<SharedTooOften>()(
  "SharedTooOften",
  {
    type: "urn:analytics:problem:shared-too-often",
    status: 429,
    title: "This link is opened too often; try again soon"
  },
  { retryAfter: Schema.Int }
) {}
