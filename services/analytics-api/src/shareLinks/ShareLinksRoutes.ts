import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import type { Auth } from "../access/Auth.ts"
import { DashboardNotFound } from "../dashboards/Dashboard.ts"
import { keeping, reading } from "../insights/asking.ts"
import { InsightNotFound } from "../insights/Insight.ts"
import { bodyOf, queryRefusals, refusals, security } from "../insights/insightWire.ts"
import { cursorOf, DEFAULT_PAGE, PageLimit } from "../insights/Page.ts"
import {
  CreatedShareLink,
  NewShareLink,
  ShareLink,
  ShareLinkId,
  ShareLinkNotFound,
  shareLinkExample,
  TooManyShareLinks
} from "./ShareLink.ts"
import { ShareLinks } from "./ShareLinks.ts"

const ShareLinkParams = Schema.Struct({ shareLinkId: ShareLinkId })
const ShareLinkPage = Schema.Struct({ cursor: cursorOf(ShareLinkId), limit: PageLimit })
const ShareLinkList = Schema.Struct({
  shareLinks: Schema.Array(ShareLink),
  nextCursor: Schema.NullOr(Schema.String)
})

/** `/v1/share-links`: who may see an insight or a dashboard without a key. */
export const shareLinksRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | ShareLinks, ER>
) =>
  new Elysia({ prefix: "/v1/share-links", tags: ["share links"] })
    .use(effectPlugin(runtime))
    .post(
      "",
      ({ body, headers, run }) =>
        run(
          CreatedShareLink,
          Effect.gen(function* () {
            const asking = yield* keeping(headers["authorization"])
            return yield* (yield* ShareLinks).create(asking, body)
          }),
          201
        ),
      {
        response: {
          ...queryRefusals,
          ...refusals,
          201: sent(CreatedShareLink),
          404: sent(Schema.Union([InsightNotFound, DashboardNotFound])),
          409: sent(TooManyShareLinks)
        },
        detail: {
          summary: "Share an insight or a dashboard",
          description:
            "`token` is shown this once. `range` or `from` and `to`, `timezone` and `filters` are what the link shows; who holds it can change nothing. 422 for what would tell of single people: only trends (total, unique_users, total_per_user, sum, avg), funnel, retention, stickiness, lifecycle and sessions without a list are shared.",
          security,
          requestBody: bodyOf(NewShareLink, shareLinkExample)
        }
      }
    )
    .get(
      "",
      ({ headers, query: { cursor: after, limit = DEFAULT_PAGE }, run }) =>
        run(
          ShareLinkList,
          Effect.gen(function* () {
            const { projectId } = yield* reading(headers["authorization"])
            const page = yield* (yield* ShareLinks).list(projectId, { after, limit })
            return { shareLinks: page.items, nextCursor: page.nextCursor }
          })
        ),
      {
        query: received(ShareLinkPage),
        response: { 200: sent(ShareLinkList), ...refusals },
        detail: {
          summary: "List share links, oldest first",
          description: "Without tokens. Those that have ended are listed for 90 days.",
          security
        }
      }
    )
    .delete(
      "/:shareLinkId",
      ({ headers, params, run }) =>
        run(
          Schema.Void,
          Effect.gen(function* () {
            const { projectId } = yield* keeping(headers["authorization"])
            yield* (yield* ShareLinks).revoke(projectId, params.shareLinkId)
          }),
          204
        ),
      {
        params: received(ShareLinkParams),
        response: {
          204: sent(Schema.Void),
          ...refusals,
          404: sent(ShareLinkNotFound)
        },
        detail: { summary: "Revoke a share link", security }
      }
    )
