import { askedAgain } from "@analytics/api-common/outgoing/askedAgain"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientRequest,
  HttpClientResponse
} from "effect/http"
import { HttpApiError } from "effect/http-api"
import { withoutNul } from "../projects/Project.ts"

const Id = Schema.String.check(withoutNul)

/** What names a link: who was tied to whom, how, when, by which message. */
export const LinkName = Schema.Struct({
  kind: Schema.Literals(["claim", "alias"]).annotate({
    description: "claim: `from` (anonymous) belongs to `to` (user); alias: both are one"
  }),
  from: Id,
  to: Id,
  timestamp: Schema.DateFromString.annotate({ description: "Of the event" }),
  messageId: Schema.String
})
export type LinkName = typeof LinkName.Type

export const Tied = Schema.Struct({
  links: Schema.Array(
    Schema.Struct({
      ...LinkName.fields,
      knownAt: Schema.DateFromString,
      undoneAt: Schema.NullOr(Schema.DateFromString)
    })
  ).annotate({ description: "By event time, then messageId, undone ones too" }),
  truncated: Schema.Boolean.annotate({ description: "Whether there are more" })
})
export type Tied = typeof Tied.Type

export const Undone = Schema.Struct({
  undoneAt: Schema.DateFromString.annotate({
    description: "Answers as of this watermark or later are without the link"
  }),
  restored: Schema.Boolean.annotate({
    description: "Whether the people are written; if not, they will be within seconds"
  })
})
export type Undone = typeof Undone.Type

/** The ledger of identity cannot be asked. */
export class LinksUnavailable extends HttpApiError.Problem<LinksUnavailable>()(
  "LinksUnavailable",
  {
    type: "urn:analytics:problem:links-unavailable",
    status: 503,
    title: "data-ingestion does not answer for the links; try again"
  }
) {}

export class LinkNotFound extends HttpApiError.Problem<LinkNotFound>()("LinkNotFound", {
  type: "urn:analytics:problem:link-not-found",
  status: 404,
  title: "There is no such link"
}) {}

/** The ledger of identity, which data-ingestion owns. */
export class PersonLinks extends Context.Service<
  PersonLinks,
  {
    /** What ties together the ids of the person whom this id belongs to. */
    ofId(projectId: number, id: string): Effect.Effect<Tied, LinksUnavailable>
    undo(
      projectId: number,
      link: LinkName
    ): Effect.Effect<Undone, LinksUnavailable | LinkNotFound>
  }
>()("@analytics/analytics-api/people/PersonLinks") {
  static readonly layer = Layer.effect(
    PersonLinks,
    Effect.gen(function* () {
      const { dataIngestionUrl } = yield* QueryConfig
      const { serviceKey } = yield* AccessConfig
      const http = yield* HttpClient.HttpClient
      const base = `${dataIngestionUrl.replace(/\/$/u, "")}/internal/v1/links`

      const post = (path: string, body: unknown, ask = http) =>
        HttpClientRequest.post(`${base}${path}`).pipe(
          HttpClientRequest.bearerToken(Redacted.value(serviceKey)),
          HttpClientRequest.bodyJson(body),
          Effect.flatMap(ask.execute),
          // An undo may wait for the people of the project to be resolved.
          Effect.timeout("15 seconds")
        )

      const unavailable = (error: unknown) =>
        Effect.logWarning("data-ingestion does not answer for links", error).pipe(
          Effect.andThen(Effect.fail(new LinksUnavailable({})))
        )

      return PersonLinks.of({
        ofId: Effect.fn("PersonLinks.ofId")((projectId, id) =>
          post("/search", { projectId, id }, askedAgain(http)).pipe(
            Effect.flatMap(HttpClientResponse.filterStatusOk),
            Effect.flatMap(HttpClientResponse.schemaBodyJson(Tied)),
            Effect.catch(unavailable)
          )
        ),
        undo: Effect.fn("PersonLinks.undo")((projectId, link) =>
          post("/undo", {
            projectId,
            ...link,
            timestamp: link.timestamp.toISOString()
          }).pipe(
            Effect.flatMap((response) =>
              response.status === 404
                ? Effect.succeedNone
                : HttpClientResponse.filterStatusOk(response).pipe(
                    Effect.flatMap(HttpClientResponse.schemaBodyJson(Undone)),
                    Effect.asSome
                  )
            ),
            Effect.catch(unavailable),
            Effect.flatMap(
              Option.match({
                onNone: () => Effect.fail(new LinkNotFound({})),
                onSome: Effect.succeed
              })
            )
          )
        )
      })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}
