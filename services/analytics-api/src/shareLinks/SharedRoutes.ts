import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { RequestNotes } from "@analytics/api-common/RequestNotes"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { QueriesUnavailable } from "../query/QueryProblems.ts"
import { Shared, SharedGone, SharedNotFound, SharedTooOften } from "./ShareLink.ts"
import { ShareLinks } from "./ShareLinks.ts"

/** Whatever is no token is answered as one that nobody has. */
const SharedParams = Schema.Struct({ token: Schema.String })

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
        410: sent(SharedGone),
        429: sent(SharedTooOften),
        503: sent(Schema.Union([ControlUnavailable, QueriesUnavailable]))
      },
      detail: {
        summary: "What a share link shows (no key)",
        description:
          "Name, chart and result of the insight, or all tiles of the dashboard. Numbers that fewer people than `floor` stand behind are null (docs/sharing.md). 404 for unknown tokens and where what was shared is gone, 410 for links that have ended. A link may be opened 60 times a minute, and 8 times at once."
      }
    }
  )
