import { RenderFormat } from "@analytics/reports/RenderFormat"
import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { ReportId } from "../definitions/Report.ts"
import { DestinationId } from "../destinations/Destination.ts"
import { Timing } from "./timing.ts"

export const SubscriptionId = Schema.String.check(Schema.isUUID())

/** Of one project. */
export const MAX_SUBSCRIPTIONS = 200

const Name = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isMaxLength(200),
  Schema.makeFilter((text: string) =>
    text.includes("\0") ? "Expected no NUL" : undefined
  )
)
const Destinations = Schema.Array(DestinationId).check(
  Schema.isMinLength(1),
  Schema.isMaxLength(20)
)
const Owners = Schema.Array(DestinationId).check(Schema.isMaxLength(20)).annotate({
  description: "Destinations that are told when it fails; without any the report's own"
})
const Parameters = Schema.Record(Schema.String, Schema.Unknown)
const Formats = Schema.Array(RenderFormat)
  .check(Schema.isMaxLength(6))
  .annotate({ description: "Files that go with it; the message itself needs none" })
const Zone = Schema.String.check(Schema.isMaxLength(100)).annotate({
  description:
    "IANA time zone in which the times are read; what is reported on is of the report's own"
})
const Missed = Schema.Literals(["skip", "once", "catch-up"]).annotate({
  description:
    "What becomes of times at which nothing was there to start them: as of any schedule"
})
const Wait = Schema.Int.check(
  Schema.isBetween({ minimum: 0, maximum: 86_400 })
).annotate({
  description:
    "Seconds that it waits for complete data. After them it is sent, and says what is missing"
})

/** How late data is dealt with after a report was sent. */
export const Revise = Schema.Struct({
  forSeconds: Schema.Int.check(
    Schema.isBetween({ minimum: 60, maximum: 30 * 86_400 })
  ).annotate({ description: "How long after it was sent late data is looked for" }),
  everySeconds: Schema.Int.check(
    Schema.isBetween({ minimum: 60, maximum: 86_400 })
  ).annotate({ description: "How far the looks are apart" }),
  most: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 })).annotate({
    description: "Revised reports of one time, at most"
  }),
  tolerance: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })).annotate(
    {
      description: "Share by which a number must differ from what was sent last"
    }
  )
})
export type Revise = typeof Revise.Type

const NewRevise = Schema.NullOr(
  Schema.Struct({
    forSeconds: Schema.optionalKey(Revise.fields.forSeconds),
    everySeconds: Schema.optionalKey(Revise.fields.everySeconds),
    most: Schema.optionalKey(Revise.fields.most),
    tolerance: Schema.optionalKey(Revise.fields.tolerance)
  })
).annotate({
  description:
    "null: it is not revised; `{}`: for three days, by the hour, three times, 1 %"
})

export const usualRevise: Revise = {
  forSeconds: 3 * 86_400,
  everySeconds: 3600,
  most: 3,
  tolerance: 0.01
}

const optional = {
  parameters: Schema.optionalKey(Parameters),
  formats: Schema.optionalKey(Formats),
  owners: Schema.optionalKey(Owners),
  timezone: Schema.optionalKey(Zone),
  missed: Schema.optionalKey(Missed),
  waitSeconds: Schema.optionalKey(Wait),
  revise: Schema.optionalKey(NewRevise),
  skipEmpty: Schema.optionalKey(Schema.Boolean).annotate({
    description: "Nothing is sent when the report has no number but 0 and no row"
  }),
  paused: Schema.optionalKey(Schema.Boolean)
}

/** What `POST /v1/subscriptions` takes. */
export const NewSubscription = Schema.Struct({
  name: Name,
  reportId: ReportId,
  destinations: Destinations,
  schedule: Timing,
  ...optional
})
export type NewSubscription = typeof NewSubscription.Type

/** What `PATCH` may change. */
export const SubscriptionChange = Schema.Struct({
  name: Schema.optionalKey(Name),
  reportId: Schema.optionalKey(ReportId),
  destinations: Schema.optionalKey(Destinations),
  schedule: Schema.optionalKey(Timing),
  ...optional
}).annotate({ examples: [{ schedule: { days: ["mon"], at: "08:00" } }] })
export type SubscriptionChange = typeof SubscriptionChange.Type

const Instant = Schema.DateFromString

/** A subscription as it is answered. */
export const SubscriptionAnswer = Schema.Struct({
  id: SubscriptionId,
  name: Schema.String,
  reportId: ReportId,
  parameters: Parameters,
  formats: Schema.Array(RenderFormat),
  destinations: Schema.Array(DestinationId),
  owners: Schema.Array(DestinationId),
  cron: Schema.String,
  timezone: Schema.String,
  missed: Missed,
  waitSeconds: Schema.Int,
  revise: Schema.NullOr(Revise),
  skipEmpty: Schema.Boolean,
  paused: Schema.Boolean,
  scheduled: Schema.Boolean.annotate({
    description: "Whether batch-processor has it as it is here; it is told until it has"
  }),
  scheduleProblem: Schema.NullOr(Schema.String).annotate({
    description: "Why it has not"
  }),
  version: Schema.Int,
  createdBy: Schema.String,
  createdAt: Instant,
  updatedAt: Instant
})
export type SubscriptionAnswer = typeof SubscriptionAnswer.Type

export class SubscriptionNotFound extends HttpApiError.Problem<SubscriptionNotFound>()(
  "SubscriptionNotFound",
  {
    type: "urn:analytics:problem:subscription-not-found",
    status: 404,
    title: "There is no such subscription"
  }
) {}

/** Fits its schema, and still cannot be taken. */
export class SubscriptionInvalid extends HttpApiError.Problem<SubscriptionInvalid>()(
  "SubscriptionInvalid",
  {
    type: "urn:analytics:problem:subscription-invalid",
    status: 422,
    title: "The subscription cannot be used"
  },
  {
    errors: Schema.Array(
      Schema.Struct({ pointer: Schema.String, detail: Schema.String })
    )
  }
) {
  static at(pointer: string, detail: string) {
    return new SubscriptionInvalid({ detail, errors: [{ pointer, detail }] })
  }
}

export class SubscriptionConflict extends HttpApiError.Problem<SubscriptionConflict>()(
  "SubscriptionConflict",
  {
    type: "urn:analytics:problem:subscription-conflict",
    status: 409,
    title: "The subscription cannot do this now"
  }
) {}
