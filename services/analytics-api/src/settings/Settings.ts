import {
  MOST_SETTINGS_BYTES,
  patchSettings,
  type SettingsPatch
} from "@analytics/analytics-core/settings/ProjectSettings"
import { Context, Effect, Layer } from "effect"
import { type Access, requireProject } from "../access/Access.ts"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import type { ProjectId, ProjectNotFound } from "../projects/Project.ts"
import { type KeptSettings, SettingsRepo } from "./SettingsRepo.ts"
import { SettingsTooLarge } from "./SettingsTooLarge.ts"

/** The rules about settings of projects. */
export class Settings extends Context.Service<
  Settings,
  {
    get(
      access: Access,
      id: ProjectId
    ): Effect.Effect<KeptSettings, ProjectNotFound | ControlUnavailable>
    change(
      access: Access,
      id: ProjectId,
      patch: SettingsPatch
    ): Effect.Effect<
      KeptSettings,
      ProjectNotFound | SettingsTooLarge | ControlUnavailable
    >
  }
>()("@analytics/analytics-api/settings/Settings") {
  static readonly layer = Layer.effect(
    Settings,
    Effect.gen(function* () {
      const repo = yield* SettingsRepo
      return Settings.of({
        get: Effect.fn("Settings.get")(function* (access, id) {
          yield* requireProject(access, id)
          return yield* repo.byProject(id)
        }),
        change: Effect.fn("Settings.change")(function* (access, id, patch) {
          yield* requireProject(access, id)
          const kept = yield* repo.change(id, (settings) => {
            const changed = patchSettings(settings, patch)
            const bytes = Buffer.byteLength(JSON.stringify(changed))
            return bytes <= MOST_SETTINGS_BYTES
              ? Effect.succeed(changed)
              : Effect.fail(tooLarge(patch, bytes))
          })
          yield* Effect.logInfo("project settings changed").pipe(
            Effect.annotateLogs({ projectId: id, sections: Object.keys(patch) })
          )
          return kept
        })
      })
    })
  )
}

const tooLarge = (patch: SettingsPatch, bytes: number): SettingsTooLarge => {
  const detail = `All settings together may have ${MOST_SETTINGS_BYTES} bytes of JSON, and would have ${bytes}: list fewer events or shorter names.`
  return new SettingsTooLarge({
    detail,
    errors: Object.keys(patch).map((section) => ({ pointer: `/${section}`, detail }))
  })
}
