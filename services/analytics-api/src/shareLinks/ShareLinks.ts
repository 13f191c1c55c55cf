import { createHash, randomBytes } from "node:crypto"
import { decodeStrictly } from "@analytics/analytics-core/query/decodeStrictly"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { RequestNotes } from "@analytics/api-common/RequestNotes"
import { Clock, Context, Effect, Layer, Option } from "effect"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import type { DashboardNotFound } from "../dashboards/Dashboard.ts"
import type { InsightNotFound } from "../insights/Insight.ts"
import type { Keeping } from "../insights/Insights.ts"
import { type Page, pageOf } from "../insights/Page.ts"
import { MAX_QUERY_BYTES } from "../insights/requireSaved.ts"
import type { ProjectId } from "../projects/Project.ts"
import { Queries, type QueryProblem } from "../query/Queries.ts"
import type { QueriesUnavailable } from "../query/QueryProblems.ts"
import { clash } from "./clashes.ts"
import { openings } from "./openings.ts"
import { SharedContents } from "./SharedContents.ts"
import { SharedTiles } from "./SharedTiles.ts"
import {
  DEFAULT_FLOOR,
  MOST_DAYS,
  NewShareLink,
  type Shared,
  SharedGone,
  SharedNotFound,
  type SharedTooOften,
  type ShareLink,
  type ShareLinkId,
  ShareLinkNotFound,
  TooManyShareLinks
} from "./ShareLink.ts"
import { MAX_SHARE_LINKS, ShareLinkRepo } from "./ShareLinkRepo.ts"
import { requireShareable } from "./shareable.ts"
import { askedFor } from "./sharedAnswer.ts"

const DAY = 86_400_000

/** As they are made: 256 random bits. */
const TOKEN = /^sl_[\w-]{43}$/u

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
    ): Effect.Effect<
      Shared,
      | SharedNotFound
      | SharedGone
      | SharedTooOften
      | ControlUnavailable
      | QueriesUnavailable
    >
  }
>()("@analytics/analytics-api/shareLinks/ShareLinks") {
  static readonly layer = Layer.effect(
    ShareLinks,
    Effect.gen(function* () {
      const repo = yield* ShareLinkRepo
      const contents = yield* SharedContents
      const tiles = yield* SharedTiles
      const queries = yield* Queries
      const opening = openings()

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
          if (Buffer.byteLength(JSON.stringify(fixed)) > MAX_QUERY_BYTES)
            return yield* QueryInvalid.at(
              "/filters",
              `At most ${MAX_QUERY_BYTES} bytes of JSON; name a cohort instead of many values`
            )
          const { projectId, timezone } = asking
          const { parts, unknown } = yield* contents.of(projectId, of, fixed)
          if (unknown !== undefined)
            return yield* QueryInvalid.at(
              `/tiles/${unknown}`,
              "The dashboard has no such tile"
            )
          for (const [index, part] of parts.entries()) {
            if ("markdown" in part) continue
            yield* requireShareable(part.query, part.pointer)
            const project = { id: projectId, timezone }
            yield* Effect.forEach(
              [part.query, ...askedFor(part.query)],
              (body) => queries.check(project, body),
              { discard: true }
            ).pipe(
              Effect.catchTag("QueryInvalid", (fault) =>
                Effect.fail(named(fault, fixed, part.pointer))
              )
            )
            const other = parts
              .slice(0, index)
              .find((before) => "query" in before && clash(before.query, part.query))
            if (other !== undefined)
              return yield* QueryInvalid.at(
                part.pointer,
                `It divides the same events otherwise than ${other.pointer}, so that their difference would tell of few people. Leave one of them out: say in \`tiles\` which are shown`
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
          if (Option.isNone(link))
            return yield* new TooManyShareLinks({
              detail: `A project has at most ${MAX_SHARE_LINKS}, those of the last 90 days among them.`
            })
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
          const found = TOKEN.test(token)
            ? yield* repo.byToken(hashOf(token))
            : Option.none()
          if (Option.isNone(found)) return yield* new SharedNotFound({})
          const { link, projectId, timezone } = found.value
          const { expiresAt, floor, id, of, revokedAt } = link
          const now = yield* Clock.currentTimeMillis
          if (revokedAt !== null || expiresAt.getTime() <= now)
            return yield* new SharedGone({})
          const { facts } = yield* RequestNotes
          const show = Effect.gen(function* () {
            // From here on somebody is answered: the audit names the link, never its token.
            Object.assign(facts, { actor: `share:${id}`, projectId, target: id })
            const { description, name, parts } = yield* contents
              .of(projectId, of, link)
              .pipe(
                Effect.catchTags({ InsightNotFound: gone, DashboardNotFound: gone })
              )
            const project = { id: projectId, timezone, group: `share:${id}` }
            const answered = yield* tiles.shown(project, parts, floor)
            yield* repo.opened(id)
            return { name, description, floor, expiresAt, ...answered }
          })
          return yield* opening(id, show)
        })
      })
    })
  )
}

/** Faults of what the link says are named as it says them, others by whose they are. */
const named = ({ errors }: QueryInvalid, fixed: object, question: string) =>
  new QueryInvalid({
    errors: errors.map(({ detail, pointer }) => ({
      pointer: Object.hasOwn(fixed, pointer.split("/")[1] ?? "")
        ? pointer
        : question + pointer,
      detail
    }))
  })

const gone = () => Effect.fail(new SharedNotFound({}))

const hashOf = (token: string): Uint8Array =>
  createHash("sha256").update(token).digest()
