import { createHash, randomBytes } from "node:crypto"
import { decodeStrictly } from "@analytics/analytics-core/query/decodeStrictly"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { makeNotes, RequestNotes } from "@analytics/api-common/RequestNotes"
import { Clock, Context, Effect, Layer, Option } from "effect"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import type { Dashboard, DashboardNotFound } from "../dashboards/Dashboard.ts"
import { Dashboards } from "../dashboards/Dashboards.ts"
import type { Insight, InsightNotFound } from "../insights/Insight.ts"
import { Insights, type Keeping } from "../insights/Insights.ts"
import { overridden } from "../insights/overridden.ts"
import { type Page, pageOf } from "../insights/Page.ts"
import type { ProjectId } from "../projects/Project.ts"
import { Queries, type QueryProblem } from "../query/Queries.ts"
import { Results } from "../results/Results.ts"
import { openings } from "./openings.ts"
import {
  DEFAULT_FLOOR,
  type FixedParts,
  MOST_DAYS,
  NewShareLink,
  type Shared,
  SharedNotFound,
  type SharedTile,
  SharedTooOften,
  type ShareLink,
  type ShareLinkId,
  ShareLinkNotFound,
  TooManyShareLinks
} from "./ShareLink.ts"
import { type GoodLink, ShareLinkRepo } from "./ShareLinkRepo.ts"
import { requireShareable } from "./shareable.ts"
import { sharedAnswer } from "./sharedAnswer.ts"

const DAY = 86_400_000
const TILES_AT_ONCE = 4

type Missing = InsightNotFound | DashboardNotFound

export interface CreatedLink extends ShareLink {
  readonly token: string
}

/** Who may see what a team saved without a key: rules, and what they see. */
export class ShareLinks extends Context.Service<
  ShareLinks,
  {
    create(
      asking: Keeping,
      body: unknown
    ): Effect.Effect<CreatedLink, Missing | TooManyShareLinks | QueryProblem>
    list(
      projectId: ProjectId,
      page: { readonly after: ShareLinkId | undefined; readonly limit: number }
    ): Effect.Effect<Page<ShareLink, ShareLinkId>, ControlUnavailable>
    revoke(
      projectId: ProjectId,
      id: ShareLinkId
    ): Effect.Effect<void, ShareLinkNotFound | ControlUnavailable>
    /** What the holder of a token sees now. */
    shown(
      token: string
    ): Effect.Effect<Shared, SharedNotFound | SharedTooOften | ControlUnavailable>
  }
>()("@analytics/analytics-api/shareLinks/ShareLinks") {
  static readonly layer = Layer.effect(
    ShareLinks,
    Effect.gen(function* () {
      const repo = yield* ShareLinkRepo
      const insights = yield* Insights
      const dashboards = yield* Dashboards
      const queries = yield* Queries
      const results = yield* Results
      const opened = openings()

      /** What a link shows, and where in its request each of it was named. */
      const contents = Effect.fnUntraced(function* (
        projectId: ProjectId,
        of: ShareLink["of"]
      ) {
        if ("insight" in of) {
          const insight = yield* insights.get(projectId, of.insight)
          return { said: insight, parts: [insight] as ReadonlyArray<Insight | string> }
        }
        const dashboard = yield* dashboards.get(projectId, of.dashboard)
        const parts = yield* Effect.forEach(
          dashboard.tiles,
          (
            tile
          ): Effect.Effect<Insight | string, InsightNotFound | ControlUnavailable> =>
            "markdown" in tile
              ? Effect.succeed(tile.markdown)
              : insights.get(projectId, tile.insight)
        )
        return { said: dashboard, parts, dashboard }
      })

      const tile = Effect.fn("ShareLinks.tile")(function* (
        { link, projectId, timezone }: GoodLink,
        part: Insight | string,
        dashboard: Dashboard | undefined
      ): Effect.fn.Return<SharedTile> {
        if (typeof part === "string")
          return { type: "markdown", markdown: part } satisfies SharedTile
        const asking = { id: projectId, timezone, group: `share:${link.id}` }
        return yield* sharedAnswer(
          overridden(part.query, fixedOf(link, dashboard)),
          link.floor,
          (query, asOf) =>
            results
              .answer(asking, asOf === undefined ? query : { ...query, asOf })
              .pipe(Effect.map(({ answer }) => answer))
        ).pipe(
          Effect.map(
            (answer): SharedTile => ({
              type: "answer",
              name: part.name,
              description: part.description,
              chart: part.chart,
              ...answer
            })
          ),
          // Whoever holds a link learns nothing of the question but that it has no answer.
          Effect.catch((error) =>
            Effect.as(
              Effect.logInfo("a shared tile has no answer", error).pipe(
                Effect.annotateLogs({ insight: part.id })
              ),
              {
                type: "problem",
                name: part.name,
                detail: "This cannot be shown now."
              } satisfies SharedTile
            )
          )
        )
      })

      return ShareLinks.of({
        create: Effect.fn("ShareLinks.create")(function* (asking, body) {
          const asked = yield* decodeStrictly(NewShareLink)(body)
          const { expiresAt, floor = DEFAULT_FLOOR, of, ...fixed } = asked
          const left = expiresAt.getTime() - (yield* Clock.currentTimeMillis)
          if (left <= 0 || left > MOST_DAYS * DAY)
            return yield* QueryInvalid.at(
              "/expiresAt",
              `Expected a moment within the next ${MOST_DAYS} days`
            )
          const { projectId, timezone } = asking
          const { dashboard, parts } = yield* contents(projectId, of)
          const isOne = "insight" in of
          for (const [index, part] of parts.entries()) {
            if (typeof part === "string") continue
            yield* requireShareable(
              part.query,
              isOne ? "/of/insight/query" : `/of/dashboard/tiles/${index}/query`
            )
            yield* queries.check(
              { id: projectId, timezone },
              overridden(part.query, fixedOf(fixed, dashboard))
            )
          }
          const token = `sl_${randomBytes(32).toString("base64url")}`
          const link = yield* repo.insert(projectId, {
            of,
            fixed,
            floor,
            expiresAt,
            tokenHash: hashOf(token),
            createdBy: asking.keyId
          })
          if (Option.isNone(link)) return yield* new TooManyShareLinks({})
          return { ...link.value, token }
        }),
        list: Effect.fn("ShareLinks.list")(function* (projectId, { after, limit }) {
          const rows = yield* repo.page(projectId, after, limit + 1)
          return pageOf(rows, limit, ({ id }) => id)
        }),
        revoke: Effect.fn("ShareLinks.revoke")(function* (projectId, id) {
          if (!(yield* repo.revoke(projectId, id)))
            return yield* new ShareLinkNotFound({ shareLinkId: id })
        }),
        shown: Effect.fn("ShareLinks.shown")(function* (token) {
          const found = yield* repo.use(hashOf(token))
          if (Option.isNone(found)) return yield* new SharedNotFound({})
          const good = found.value
          const { expiresAt, floor, id, of } = good.link
          const wait = opened.open(id, yield* Clock.currentTimeMillis)
          if (wait !== undefined) return yield* new SharedTooOften({ retryAfter: wait })
          const { dashboard, parts, said } = yield* contents(good.projectId, of).pipe(
            Effect.catchTags({
              InsightNotFound: () => Effect.fail(new SharedNotFound({})),
              DashboardNotFound: () => Effect.fail(new SharedNotFound({}))
            })
          )
          const tiles = yield* Effect.forEach(
            parts,
            // What the project may still read is not told to whoever holds a link.
            (part) =>
              tile(good, part, dashboard).pipe(
                Effect.provideService(RequestNotes, makeNotes())
              ),
            { concurrency: TILES_AT_ONCE }
          )
          const { description, name } = said
          return { name, description, floor, expiresAt, tiles }
        })
      })
    })
  )
}

const hashOf = (token: string): Uint8Array =>
  createHash("sha256").update(token).digest()

/** What the link says goes before what the dashboard says; filters all hold. */
const fixedOf = (
  { filters = [], from, range, timezone, to }: FixedParts,
  dashboard: Dashboard | undefined
) => {
  const own = dashboard?.range ?? null
  const ranged =
    range !== undefined
      ? { range }
      : from !== undefined && to !== undefined
        ? { from, to }
        : own === null
          ? {}
          : typeof own === "string"
            ? { range: own }
            : own
  const zone = timezone ?? dashboard?.timezone
  return {
    ...ranged,
    ...(zone == null ? {} : { timezone: zone }),
    filters: [...filters, ...(dashboard?.filters ?? [])]
  }
}
