import { EventsResult } from "@analytics/analytics-core/query/events/EventsRequest"
import {
  PeopleResult,
  type Person
} from "@analytics/analytics-core/query/people/PeopleRequest"
import { Context, Effect, Layer, Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { type AskingProject, Queries, type QueryProblem } from "../query/Queries.ts"
import { type LinksUnavailable, PersonLinks, type Tied } from "./PersonLinks.ts"

/** Nobody has this id, or nobody had it by the watermark. */
export class PersonNotFound extends HttpApiError.Problem<PersonNotFound>()(
  "PersonNotFound",
  {
    type: "urn:analytics:problem:person-not-found",
    status: 404,
    title: "There is no such person"
  }
) {}

export interface TimelinePage {
  readonly limit?: number
  readonly cursor?: string
}

/** One person at a time. Everything is asked as a query, under its limits. */
export class People extends Context.Service<
  People,
  {
    /** By personId, or by any userId or anonymousId. */
    find(
      project: AskingProject,
      by: { readonly person: string } | { readonly id: string }
    ): Effect.Effect<Person, QueryProblem | PersonNotFound>
    /** Everything they did, newest first. */
    timeline(
      project: AskingProject,
      person: string,
      page: TimelinePage
    ): Effect.Effect<EventsResult, QueryProblem>
    /** Why their ids are one person. */
    links(
      project: AskingProject,
      person: string
    ): Effect.Effect<Tied, QueryProblem | PersonNotFound | LinksUnavailable>
  }
>()("@analytics/analytics-api/people/People") {
  static readonly layer = Layer.effect(
    People,
    Effect.gen(function* () {
      const queries = yield* Queries
      const ledger = yield* PersonLinks

      const find: People["Service"]["find"] = Effect.fn("People.find")(
        function* (project, by) {
          const { result } = yield* queries.answer(project, {
            kind: "people",
            limit: 1,
            ...by
          })
          const { people } = yield* Effect.orDie(asPeople(result))
          const [person] = people
          return person ?? (yield* new PersonNotFound({}))
        }
      )

      return People.of({
        find,
        timeline: Effect.fn("People.timeline")(function* (project, person, page) {
          const { result } = yield* queries.answer(project, {
            kind: "events",
            person,
            includeBots: true,
            ...page
          })
          return yield* Effect.orDie(asEvents(result))
        }),
        links: Effect.fn("People.links")(function* (project, person) {
          const [id] = (yield* find(project, { person })).ids
          // Events without a real id stand alone.
          return id === undefined
            ? { links: [], truncated: false }
            : yield* ledger.ofId(project.id, id)
        })
      })
    })
  )
}

const asPeople = Schema.decodeUnknownEffect(PeopleResult)
const asEvents = Schema.decodeUnknownEffect(EventsResult)
