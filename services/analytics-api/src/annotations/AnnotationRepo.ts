import { sqlState, within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, type SqlError, SqlSchema } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../ControlUnavailable.ts"
import { ProjectIdColumn } from "../keys/KeyRows.ts"
import type { ProjectId } from "../projects/Project.ts"
import { Annotation, type AnnotationId } from "./Annotation.ts"

/** Annotations of one project. */
export const MAX_ANNOTATIONS = 10_000

const Row = Schema.Struct({
  ...Annotation.fields,
  at: Schema.Date,
  until: Schema.NullOr(Schema.Date),
  createdAt: Schema.Date,
  updatedAt: Schema.Date
})

const Of = Schema.Struct({ projectId: ProjectIdColumn, id: Schema.String })

/** All that an annotation says. */
export type AnnotationParts = Pick<Annotation, "at" | "until" | "text" | "mutesAlerts">

/** Where a page ended. */
export interface AnnotationPlace {
  readonly at: Date
  readonly id: AnnotationId
}

/** `[from, to)`; an end that is absent is open. */
export interface AnnotationRange {
  readonly from: Date | undefined
  readonly to: Date | undefined
}

/** It would end before it begins. */
export class EndsTooEarly extends Schema.TaggedError<EndsTooEarly>()(
  "EndsTooEarly",
  {}
) {}

/** Annotations in Postgres. An annotation of another project does not exist. */
export class AnnotationRepo extends Context.Service<
  AnnotationRepo,
  {
    /** None when the project has as many as one may. */
    insert(
      projectId: ProjectId,
      parts: AnnotationParts,
      by: string
    ): Effect.Effect<Option.Option<Annotation>, ControlUnavailable>
    /** By time: those that touch the range, after the place named. */
    page(
      projectId: ProjectId,
      range: AnnotationRange,
      after: AnnotationPlace | undefined,
      limit: number
    ): Effect.Effect<ReadonlyArray<Annotation>, ControlUnavailable>
    update(
      projectId: ProjectId,
      id: AnnotationId,
      change: Partial<AnnotationParts>,
      by: string
    ): Effect.Effect<Option.Option<Annotation>, EndsTooEarly | ControlUnavailable>
    /** Whether there was one. */
    remove(
      projectId: ProjectId,
      id: AnnotationId
    ): Effect.Effect<boolean, ControlUnavailable>
  }
>()("@analytics/analytics-api/annotations/AnnotationRepo") {
  static readonly layer = Layer.effect(
    AnnotationRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(
        `id, at, until, text, mutes_alerts, created_by, created_at, updated_by,
         updated_at`
      )

      const insertRow = SqlSchema.findOneOption({
        Request: Schema.Struct({
          ...Of.fields,
          at: Schema.Date,
          until: Schema.NullOr(Schema.Date),
          text: Schema.String,
          mutesAlerts: Schema.Boolean,
          by: Schema.String
        }),
        Result: Row,
        execute: ({ at, by, id, mutesAlerts, projectId, text, until }) => sql`
          INSERT INTO control.annotations
            (id, project_id, at, until, text, mutes_alerts, created_by, updated_by)
          SELECT ${id}::uuid, ${projectId}::bigint, ${at}::timestamptz,
                 ${until}::timestamptz, ${text}, ${mutesAlerts}::boolean, ${by}, ${by}
           WHERE (SELECT count(*) FROM control.annotations
                   WHERE project_id = ${projectId}) < ${MAX_ANNOTATIONS}
          RETURNING ${columns}`
      })

      const selectPage = SqlSchema.findAll({
        Request: Schema.Struct({
          projectId: ProjectIdColumn,
          from: Schema.NullOr(Schema.Date),
          to: Schema.NullOr(Schema.Date),
          afterAt: Schema.NullOr(Schema.Date),
          afterId: Schema.NullOr(Schema.String),
          limit: Schema.Int
        }),
        Result: Row,
        execute: ({ afterAt, afterId, from, limit, projectId, to }) => sql`
          SELECT ${columns} FROM control.annotations
           WHERE project_id = ${projectId}
             AND (${to}::timestamptz IS NULL OR at < ${to}::timestamptz)
             AND (${from}::timestamptz IS NULL OR at >= ${from}::timestamptz
               OR until > ${from}::timestamptz)
             AND (${afterId}::uuid IS NULL
               OR (at, id) > (${afterAt}::timestamptz, ${afterId}::uuid))
           ORDER BY at, id LIMIT ${limit}`
      })

      const updateRow = SqlSchema.findOneOption({
        Request: Schema.Struct({
          ...Of.fields,
          at: Schema.NullOr(Schema.Date),
          until: Schema.NullOr(Schema.Date),
          keepsUntil: Schema.Boolean,
          text: Schema.NullOr(Schema.String),
          mutesAlerts: Schema.NullOr(Schema.Boolean),
          by: Schema.String
        }),
        Result: Row,
        execute: ({ at, by, id, keepsUntil, mutesAlerts, projectId, text, until }) =>
          sql`
          UPDATE control.annotations
             SET at = coalesce(${at}::timestamptz, at),
                 until = CASE WHEN ${keepsUntil}::boolean
                   THEN until ELSE ${until}::timestamptz END,
                 text = coalesce(${text}::text, text),
                 mutes_alerts = coalesce(${mutesAlerts}::boolean, mutes_alerts),
                 updated_by = ${by},
                 updated_at = now()
           WHERE id = ${id}::uuid AND project_id = ${projectId}
          RETURNING ${columns}`
      })

      const deleteRow = SqlSchema.findOneOption({
        Request: Of,
        Result: Schema.Struct({ id: Schema.String }),
        execute: ({ id, projectId }) => sql`
          DELETE FROM control.annotations
           WHERE id = ${id}::uuid AND project_id = ${projectId}
          RETURNING id`
      })

      const asked = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
        effect.pipe(within("5 seconds"))
      const faults = { SqlError: unavailable, SchemaError: Effect.die } as const

      return AnnotationRepo.of({
        insert: Effect.fn("AnnotationRepo.insert")(
          (projectId: ProjectId, parts: AnnotationParts, by: string) =>
            asked(insertRow({ projectId, id: Bun.randomUUIDv7(), ...parts, by })),
          Effect.catchTags(faults)
        ),
        page: Effect.fn("AnnotationRepo.page")(
          (
            projectId: ProjectId,
            { from, to }: AnnotationRange,
            after: AnnotationPlace | undefined,
            limit: number
          ) =>
            asked(
              selectPage({
                projectId,
                from: from ?? null,
                to: to ?? null,
                afterAt: after?.at ?? null,
                afterId: after?.id ?? null,
                limit
              })
            ),
          Effect.catchTags(faults)
        ),
        update: Effect.fn("AnnotationRepo.update")(
          (
            projectId: ProjectId,
            id: AnnotationId,
            change: Partial<AnnotationParts>,
            by: string
          ) =>
            asked(
              updateRow({
                projectId,
                id,
                at: change.at ?? null,
                until: change.until ?? null,
                keepsUntil: change.until === undefined,
                text: change.text ?? null,
                mutesAlerts: change.mutesAlerts ?? null,
                by
              })
            ),
          Effect.catchTags({
            SqlError: (error: SqlError.SqlError) =>
              sqlState(error) === CHECK_FAILED
                ? Effect.fail(new EndsTooEarly())
                : unavailable(error),
            SchemaError: Effect.die
          })
        ),
        remove: Effect.fn("AnnotationRepo.remove")(
          (projectId: ProjectId, id: AnnotationId) =>
            asked(deleteRow({ projectId, id })),
          Effect.map(Option.isSome),
          Effect.catchTags(faults)
        )
      })
    })
  )
}

/** `check_violation`: the schema has judged everything but the two ends together. */
const CHECK_FAILED = "23514"
