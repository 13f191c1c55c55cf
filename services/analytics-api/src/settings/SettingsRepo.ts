import {
  defaultSettings,
  type ProjectSettings,
  readSettings
} from "@analytics/analytics-core/settings/ProjectSettings"
import { within } from "@analytics/database/PostgresRetry"
import { Context, type DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, SqlSchema } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../ControlUnavailable.ts"
import { changingKeys } from "../keys/KeyRevision.ts"
import { InstantColumn, ProjectIdColumn } from "../keys/KeyRows.ts"
import { type ProjectId, ProjectNotFound } from "../projects/Project.ts"
import type { SettingsTooLarge } from "./SettingsTooLarge.ts"

export interface KeptSettings {
  readonly settings: ProjectSettings
  /** Null as long as nobody changed anything. */
  readonly updatedAt: DateTime.Utc | null
}

const Row = Schema.Struct({
  settings: Schema.NullOr(Schema.String),
  updatedAt: Schema.NullOr(InstantColumn)
})

/** How the events of each project are received. */
export class SettingsRepo extends Context.Service<
  SettingsRepo,
  {
    byProject(
      id: ProjectId
    ): Effect.Effect<KeptSettings, ProjectNotFound | ControlUnavailable>
    /**
     * Keeps what `change` makes of the settings, and publishes it with every key of the
     * project. Changes of a project follow each other, so that none is lost.
     */
    change(
      id: ProjectId,
      change: (
        settings: ProjectSettings
      ) => Effect.Effect<ProjectSettings, SettingsTooLarge>
    ): Effect.Effect<
      KeptSettings,
      SettingsTooLarge | ProjectNotFound | ControlUnavailable
    >
  }
>()("@analytics/analytics-api/settings/SettingsRepo") {
  static readonly layer = Layer.effect(
    SettingsRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const changing = changingKeys(sql)

      const select = SqlSchema.findOneOption({
        Request: ProjectIdColumn,
        Result: Row,
        execute: (id) => sql`
          SELECT s.settings, s.updated_at
            FROM control.projects AS p
            LEFT JOIN control.project_settings AS s ON s.project_id = p.id
           WHERE p.id = ${id} AND p.deleted_at IS NULL`
      })

      const upsert = SqlSchema.findOne({
        Request: Schema.Struct({ id: ProjectIdColumn, settings: Schema.String }),
        Result: Row,
        execute: ({ id, settings }) => sql`
          INSERT INTO control.project_settings (project_id, settings)
          VALUES (${id}, ${settings})
              ON CONFLICT (project_id)
              DO UPDATE SET settings = excluded.settings, updated_at = now()
          RETURNING settings, updated_at`
      })

      const kept = Effect.fnUntraced(function* (id: ProjectId) {
        const row = yield* select(id)
        if (Option.isNone(row)) return yield* new ProjectNotFound({ projectId: id })
        return yield* settingsIn(row.value)
      })

      return SettingsRepo.of({
        byProject: Effect.fn("SettingsRepo.byProject")(
          (id: ProjectId) => kept(id).pipe(within("5 seconds")),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        change: Effect.fn("SettingsRepo.change")(
          (
            id: ProjectId,
            change: (
              settings: ProjectSettings
            ) => Effect.Effect<ProjectSettings, SettingsTooLarge>
          ) =>
            changing(
              Effect.fnUntraced(function* (revisions) {
                const { settings } = yield* kept(id)
                const changed = JSON.stringify(yield* change(settings))
                const row = yield* upsert({ id, settings: changed })
                yield* revisions.republish(id)
                return yield* settingsIn(row)
              })
            ),
          Effect.catchTags({
            SqlError: unavailable,
            SchemaError: Effect.die,
            NoSuchElementError: Effect.die
          })
        )
      })
    })
  )
}

const settingsIn = ({
  settings,
  updatedAt
}: typeof Row.Type): Effect.Effect<KeptSettings> => {
  if (settings === null) return Effect.succeed({ settings: defaultSettings, updatedAt })
  const read = readSettings(settings)
  return read === undefined
    ? Effect.die(new Error("kept settings cannot be read"))
    : Effect.succeed({ settings: read, updatedAt })
}
