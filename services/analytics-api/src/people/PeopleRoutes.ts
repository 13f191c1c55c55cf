import { EventsResult } from "@analytics/analytics-core/query/events/EventsRequest"
import { Person } from "@analytics/analytics-core/query/people/PeopleRequest"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { Auth } from "../access/Auth.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import type { Scope } from "../keys/Key.ts"
import {
  QueriesUnavailable,
  QueryTimedOut,
  QueryTooLarge,
  TooManyQueries
} from "../query/QueryProblems.ts"
import { People, PersonNotFound } from "./People.ts"
import {
  LinkName,
  LinkNotFound,
  LinksUnavailable,
  PersonLinks,
  Tied,
  Undone
} from "./PersonLinks.ts"

const Params = Schema.Struct({ personId: Schema.String })
const ById = Schema.Struct({
  id: Schema.String.check(Schema.isMinLength(1)).annotate({
    description: "A userId or an anonymousId, byte for byte"
  })
})
const Page = Schema.Struct({
  limit: Schema.optionalKey(
    Schema.FiniteFromString.check(
      Schema.isInt(),
      Schema.isBetween({ minimum: 1, maximum: 1000 })
    )
  ),
  cursor: Schema.optionalKey(Schema.String)
})

const access = { 401: sent(Unauthorized), 403: sent(Forbidden) }
const asked = {
  ...access,
  408: sent(QueryTimedOut),
  422: sent(Schema.Union([QueryInvalid, QueryTooLarge])),
  429: sent(TooManyQueries)
}
const notAnswered = Schema.Union([QueriesUnavailable, ControlUnavailable])
const security = [{ key: [] }]

export type PeopleServices = Auth | People | PersonLinks

/** Profiles, timelines, and what ties a person's ids together. */
export const peopleRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | PeopleServices, ER>
) =>
  new Elysia({ prefix: "/v1/people", tags: ["people"] })
    .use(effectPlugin(runtime))
    .get(
      "",
      ({ headers, query, run }) =>
        run(
          Person,
          Effect.gen(function* () {
            const project = yield* asking(headers["authorization"])
            return yield* (yield* People).find(project, query)
          })
        ),
      {
        query: received(ById),
        response: {
          200: sent(Person),
          404: sent(PersonNotFound),
          ...asked,
          503: sent(notAnswered)
        },
        detail: { summary: "The person of a userId or anonymousId", security }
      }
    )
    .get(
      "/:personId",
      ({ headers, params: { personId }, run }) =>
        run(
          Person,
          Effect.gen(function* () {
            const project = yield* asking(headers["authorization"])
            return yield* (yield* People).find(project, { person: personId })
          })
        ),
      {
        params: received(Params),
        response: {
          200: sent(Person),
          404: sent(PersonNotFound),
          ...asked,
          503: sent(notAnswered)
        },
        detail: {
          summary: "Ids, traits and where they come from, first and last seen",
          security
        }
      }
    )
    .get(
      "/:personId/timeline",
      ({ headers, params: { personId }, query, run }) =>
        run(
          EventsResult,
          Effect.gen(function* () {
            const project = yield* asking(headers["authorization"])
            return yield* (yield* People).timeline(project, personId, query)
          })
        ),
      {
        params: received(Params),
        query: received(Page),
        response: { 200: sent(EventsResult), ...asked, 503: sent(notAnswered) },
        detail: { summary: "What they did, newest first", security }
      }
    )
    .get(
      "/:personId/links",
      ({ headers, params: { personId }, run }) =>
        run(
          Tied,
          Effect.gen(function* () {
            const project = yield* asking(headers["authorization"])
            return yield* (yield* People).links(project, personId)
          })
        ),
      {
        params: received(Params),
        response: {
          200: sent(Tied),
          404: sent(PersonNotFound),
          ...asked,
          503: sent(Schema.Union([notAnswered, LinksUnavailable]))
        },
        detail: { summary: "Why this is one person: the links of the ids", security }
      }
    )
    .post(
      "/links/undo",
      ({ body, headers, run }) =>
        run(
          Undone,
          Effect.gen(function* () {
            const project = yield* asking(headers["authorization"], "settings")
            return yield* (yield* PersonLinks).undo(project.id, body)
          })
        ),
      {
        body: received(LinkName),
        response: {
          200: sent(Undone),
          404: sent(LinkNotFound),
          ...access,
          503: sent(Schema.Union([LinksUnavailable, ControlUnavailable]))
        },
        detail: {
          summary: "Take one link back (scope settings)",
          description: `Both people are as if the link had never been, from \`undoneAt\` on; answers as of an earlier watermark stay
what they were. Sending the same message again changes nothing; a new message that names both ids makes a new link.`,
          security
        }
      }
    )

const asking = Effect.fnUntraced(function* (
  authorization: string | undefined,
  scope: Scope = "query"
) {
  const { keyId, projectId, timezone } = yield* (yield* Auth).project(
    authorization,
    scope
  )
  return { id: projectId, timezone, keyId }
})
