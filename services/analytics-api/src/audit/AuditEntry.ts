import { Schema } from "effect"
import { ProjectId } from "../projects/Project.ts"

/** What somebody did. Rows and bytes are what the event store read for it. */
export const AuditEntry = Schema.Struct({
  at: Schema.DateTimeUtcFromString,
  actor: Schema.String.annotate({
    description:
      "`admin`, the id of a secret key, or `share:` and the id of a share link",
    examples: ["admin"]
  }),
  projectId: Schema.NullOr(ProjectId),
  action: Schema.String.annotate({
    description: "The method and route, or `query.run` for the end of a longer query",
    examples: ["POST /v1/query"]
  }),
  target: Schema.NullOr(Schema.String).annotate({
    description: "The path that was asked; of `GET /v1/shared/{token}` the link's id"
  }),
  kind: Schema.NullOr(Schema.String).annotate({ description: "Of a query" }),
  queryHash: Schema.NullOr(Schema.String).annotate({
    description: "Hex SHA-256 of the query as it was sent"
  }),
  status: Schema.Int.annotate({ description: "The HTTP status of its answer" }),
  rowsRead: Schema.NullOr(Schema.Finite),
  bytesRead: Schema.NullOr(Schema.Finite),
  elapsedMs: Schema.NullOr(Schema.Finite)
})
export type AuditEntry = typeof AuditEntry.Type

/** Which entries are asked for; all that is named must hold. */
export interface AuditFilter {
  readonly projectId?: number
  readonly actor?: string
  readonly action?: string
  readonly kind?: string
  readonly queryHash?: string
}
