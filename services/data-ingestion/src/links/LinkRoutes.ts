import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { received, sent } from "@analytics/api-common/WireSchema"
import type { AccessConfig } from "@analytics/config/AccessConfig"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { requireService } from "../keys/requireService.ts"
import { StoreUnavailable } from "../StoreUnavailable.ts"
import { Compaction } from "./Compaction.ts"
import { LinkNotFound, Links } from "./Links.ts"

const ProjectId = Schema.Int.check(
  Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 })
)

const Question = Schema.Struct({
  projectId: ProjectId,
  id: Schema.String.annotate({ description: "Any id of the person" })
})

const LinkName = {
  kind: Schema.Literals(["claim", "alias"]),
  from: Schema.String,
  to: Schema.String,
  timestamp: Schema.DateFromString,
  messageId: Schema.String
}

const Undo = Schema.Struct({ projectId: ProjectId, ...LinkName })

const Tied = Schema.Struct({
  links: Schema.Array(
    Schema.Struct({
      ...LinkName,
      knownAt: Schema.DateFromString,
      undoneAt: Schema.NullOr(Schema.DateFromString)
    })
  ),
  truncated: Schema.Boolean
})

const Undone = Schema.Struct({
  undoneAt: Schema.DateFromString,
  restored: Schema.Boolean
})

const Compact = Schema.Struct({
  projectId: ProjectId,
  before: Schema.DateFromString.annotate({
    description: "Answers as of this moment and later stay what they are"
  })
})

const Compacted = Schema.Struct({ kept: Schema.Int, removed: Schema.Int })

export type LinkServices = Links | Compaction | AccessConfig

const refusals = { 401: sent(Unauthorized), 503: sent(StoreUnavailable) }
const security = [{ key: [] }]

/** `/internal/v1/links`, for services that know `SERVICE_KEY`. */
export const linkRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | LinkServices, ER>
) =>
  new Elysia({ prefix: "/internal/v1/links", tags: ["internal"] })
    .use(effectPlugin(runtime))
    .use(jsonBody())
    .post(
      "/search",
      ({ body, headers: { authorization }, run }) =>
        run(
          Tied,
          Effect.gen(function* () {
            yield* requireService(authorization)
            const tied = yield* (yield* Links).ofId(body.projectId, body.id)
            return {
              truncated: tied.truncated,
              links: tied.links.map((link) => ({
                ...link,
                timestamp: new Date(link.timestamp),
                knownAt: new Date(link.knownAt),
                undoneAt: link.undoneAt === undefined ? null : new Date(link.undoneAt)
              }))
            }
          })
        ),
      {
        body: received(Question),
        response: { 200: sent(Tied), ...refusals },
        detail: {
          summary: "What ties the ids of a person together (service key)",
          security
        }
      }
    )
    .post(
      "/undo",
      ({ body: { projectId, ...link }, headers: { authorization }, run }) =>
        run(
          Undone,
          Effect.gen(function* () {
            yield* requireService(authorization)
            const timestamp = link.timestamp.getTime()
            const links = yield* Links
            const undone = yield* links.undo(projectId, { ...link, timestamp })
            return { ...undone, undoneAt: new Date(undone.undoneAt) }
          })
        ),
      {
        body: received(Undo),
        response: { 200: sent(Undone), 404: sent(LinkNotFound), ...refusals },
        detail: {
          summary: "Take one link back, which restores both people (service key)",
          security
        }
      }
    )
    .post(
      "/compact",
      ({ body, headers: { authorization }, request, run, server }) =>
        run(
          Compacted,
          Effect.gen(function* () {
            yield* requireService(authorization)
            // The mutation has a limit of its own, above that of a silent connection.
            server?.timeout(request, 0)
            const compaction = yield* Compaction
            return yield* compaction.compact(body.projectId, body.before.getTime())
          })
        ),
      {
        body: received(Compact),
        response: { 200: sent(Compacted), ...refusals },
        detail: {
          summary: "Remove rows that newer ones replaced (service key)",
          security
        }
      }
    )
