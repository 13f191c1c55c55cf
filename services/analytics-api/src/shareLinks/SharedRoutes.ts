import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { RequestNotes } from "@analytics/api-common/RequestNotes"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { Shared, SharedNotFound, SharedTooOften } from "./ShareLink.ts"
import { ShareLinks } from "./ShareLinks.ts"

const SharedParams = Schema.Struct({
  token: Schema.String.check(Schema.isMaxLength(200))
})

/** `GET /v1/shared/{token}`: what is shared, for whoever holds the link. */
export const sharedRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | ShareLinks, ER>
) =>
  new Elysia({ tags: ["share links"] }).use(effectPlugin(runtime)).get(
    "/v1/shared/:token",
    ({ params, run }) =>
      run(
        Shared,
        Effect.gen(function* () {
          const { headers } = yield* RequestNotes
          // The address is the key: it must not be passed on, nor found.
          headers["cache-control"] = "no-store"
          headers["referrer-policy"] = "no-referrer"
          headers["x-robots-tag"] = "noindex"
          return yield* (yield* ShareLinks).shown(params.token)
        })
      ),
    {
      params: received(SharedParams),
      response: {
        200: sent(Shared),
        404: sent(SharedNotFound),
        429: sent(SharedTooOften),
        503: sent(ControlUnavailable)
      },
      detail: {
        summary: "What a share link shows (no key)",
        description:
          "Name, chart and result of the insight, or all tiles of the dashboard. Numbers that fewer people than `floor` stand behind are null (docs/sharing.md). Unknown, expired and revoked tokens answer alike. A link may be opened 60 times a minute."
      }
    }
  )
