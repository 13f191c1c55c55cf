import {
  ProjectSettings,
  SettingsPatch
} from "@analytics/analytics-core/settings/ProjectSettings"
import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, Schema } from "effect"
import { Elysia } from "elysia"
import type { AppRuntime } from "../App.ts"
import { Auth } from "../access/Auth.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { ProjectNotFound } from "../projects/Project.ts"
import { ProjectParams } from "../projects/ProjectParams.ts"
import { Settings } from "./Settings.ts"
import { SettingsTooLarge } from "./SettingsTooLarge.ts"

const Answer = Schema.Struct({
  ...ProjectSettings.fields,
  updatedAt: Schema.NullOr(Schema.DateTimeUtcFromString)
})

const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  404: sent(ProjectNotFound),
  503: sent(ControlUnavailable)
}

const security = [{ key: [] }]

/** `/v1/projects/{projectId}/settings`: how the events of a project are received. */
export const settingsRoutes = (runtime: AppRuntime) =>
  new Elysia({ prefix: "/v1/projects", tags: ["projects"] })
    .use(effectPlugin(runtime))
    .get(
      "/:projectId/settings",
      ({ headers, params, run }) =>
        run(
          Answer,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).adminOrProject(headers["authorization"])
            const kept = yield* (yield* Settings).get(access, params.projectId)
            return { ...kept.settings, updatedAt: kept.updatedAt }
          })
        ),
      {
        params: received(ProjectParams),
        response: { 200: sent(Answer), ...refusals },
        detail: {
          summary: "How the project's events are received (admin or its secret key)",
          security
        }
      }
    )
    .patch(
      "/:projectId/settings",
      ({ body, headers, params, run }) =>
        run(
          Answer,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).adminOrProject(
              headers["authorization"],
              "settings"
            )
            const kept = yield* (yield* Settings).change(access, params.projectId, body)
            return { ...kept.settings, updatedAt: kept.updatedAt }
          })
        ),
      {
        params: received(ProjectParams),
        body: received(SettingsPatch),
        response: { 200: sent(Answer), 422: sent(SettingsTooLarge), ...refusals },
        detail: {
          summary: "Change it (admin key, or a secret key with the scope `settings`)",
          description:
            "Fields that are absent stay; `null` sets a section back to its default. Effective within 5 s.",
          security
        }
      }
    )
