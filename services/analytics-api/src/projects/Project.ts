import { timeZone } from "@analytics/analytics-core/query/TimeZone"
import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/** Random, fits ClickHouse's UInt32, never given out twice. */
export const ProjectId = Schema.Int.check(
  Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 })
)
export type ProjectId = typeof ProjectId.Type

/** Postgres holds no NUL in text. */
export const withoutNul = Schema.makeFilter((text: string) =>
  text.includes("\0") ? "Expected no NUL" : undefined
)

export const ProjectName = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isMaxLength(200),
  withoutNul
).annotate({ description: "What people call it", examples: ["Shop"] })

export const TimeZoneName = Schema.String.annotate({
  description: "IANA time zone in which the project's days are counted",
  examples: ["Europe/Berlin"]
}).check(
  Schema.makeFilter((name) => timeZone(name) !== undefined, {
    expected: "an IANA time zone such as Europe/Berlin"
  })
)

/** Whose events are kept apart from all others. */
export const Project = Schema.Struct({
  id: ProjectId,
  name: ProjectName,
  timezone: TimeZoneName,
  createdAt: Schema.DateTimeUtcFromString
})
export type Project = typeof Project.Type

export class ProjectNotFound extends HttpApiError.Problem<ProjectNotFound>()(
  "ProjectNotFound",
  {
    type: "urn:analytics:problem:project-not-found",
    status: 404,
    title: "There is no such project"
  },
  { projectId: ProjectId }
) {}
