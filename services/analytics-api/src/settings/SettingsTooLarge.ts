import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/** Every key carries the settings to every receiver, so they have a size. */
export class SettingsTooLarge extends HttpApiError.Problem<SettingsTooLarge>()(
  "SettingsTooLarge",
  {
    type: "urn:analytics:problem:settings-too-large",
    status: 422,
    title: "The settings as a whole are too large"
  },
  {
    errors: Schema.Array(
      Schema.Struct({ pointer: Schema.String, detail: Schema.String })
    )
  }
) {}
