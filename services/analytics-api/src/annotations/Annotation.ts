import { Instant } from "@analytics/analytics-core/query/Common"
import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { withoutNul } from "../projects/Project.ts"

export const AnnotationId = Schema.String.check(Schema.isUUID())
export type AnnotationId = typeof AnnotationId.Type

const Text = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isMaxLength(2000),
  withoutNul
)
const Until = Schema.optionalKey(Schema.NullOr(Instant)).annotate({
  description: "Exclusive; null or absent: `at` is a moment"
})
const MutesAlerts = Schema.optionalKey(Schema.Boolean).annotate({
  description: "Whether alerts stay silent about that time"
})

const faultOfEnd = ({
  at,
  until
}: {
  readonly at?: string
  readonly until?: string | null
}) =>
  at !== undefined &&
  until !== undefined &&
  until !== null &&
  Date.parse(until) <= Date.parse(at)
    ? { path: ["until"], issue: "until must lie after at" }
    : undefined

/** What `POST /v1/annotations` takes. */
export const NewAnnotation = Schema.Struct({
  at: Instant,
  until: Until,
  text: Text,
  mutesAlerts: MutesAlerts
})
  .check(Schema.makeFilter(faultOfEnd))
  .annotate({
    examples: [
      {
        at: "2026-11-27T00:00:00Z",
        until: "2026-11-28T00:00:00Z",
        text: "Black Friday",
        mutesAlerts: true
      }
    ]
  })
export type NewAnnotation = typeof NewAnnotation.Type

/** What `PATCH` may change. */
export const AnnotationChange = Schema.Struct({
  at: Schema.optionalKey(Instant),
  until: Until,
  text: Schema.optionalKey(Text),
  mutesAlerts: MutesAlerts
})
  .check(Schema.makeFilter(faultOfEnd))
  .annotate({ examples: [{ text: "Black Friday, twice the usual" }] })
export type AnnotationChange = typeof AnnotationChange.Type

/** What a team notes about a moment, or about `[at, until)`. */
export const Annotation = Schema.Struct({
  id: AnnotationId,
  at: Schema.DateFromString,
  until: Schema.NullOr(Schema.DateFromString),
  text: Schema.String,
  mutesAlerts: Schema.Boolean,
  createdBy: Schema.String.annotate({ description: "The id of a key" }),
  createdAt: Schema.DateFromString,
  updatedBy: Schema.String.annotate({ description: "The id of a key" }),
  updatedAt: Schema.DateFromString
})
export type Annotation = typeof Annotation.Type

/** No such annotation of the asking project. */
export class AnnotationNotFound extends HttpApiError.Problem<AnnotationNotFound>()(
  "AnnotationNotFound",
  {
    type: "urn:analytics:problem:annotation-not-found",
    status: 404,
    title: "There is no such annotation"
  },
  { annotationId: AnnotationId }
) {}

/** The project has as many as one may. */
export class TooManyAnnotations extends HttpApiError.Problem<TooManyAnnotations>()(
  "TooManyAnnotations",
  {
    type: "urn:analytics:problem:too-many-annotations",
    status: 409,
    title: "The project has as many annotations as one may; delete some"
  }
) {}
