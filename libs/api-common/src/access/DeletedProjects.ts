import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Context, Effect, Layer, Redacted, Schema } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientRequest,
  HttpClientResponse
} from "effect/http"

/** As analytics-api publishes it, as far as it matters here. */
const Changes = Schema.Struct({
  revision: Schema.Int,
  keys: Schema.Array(
    Schema.Struct({
      projectId: Schema.Int,
      projectDeletedAt: Schema.NullOr(Schema.String)
    })
  )
})

/** Analytics-api does not say now which projects were deleted. */
export class DeletionsUnknown extends Schema.TaggedError<DeletionsUnknown>()(
  "DeletionsUnknown",
  { cause: Schema.Defect() }
) {}

/** Projects that were deleted, as the feed of keys tells. */
export class DeletedProjects extends Context.Service<
  DeletedProjects,
  {
    /** All of them, up to now. */
    readonly ids: Effect.Effect<ReadonlySet<number>, DeletionsUnknown>
  }
>()("@analytics/api-common/access/DeletedProjects") {
  static readonly layer = Layer.effect(
    DeletedProjects,
    Effect.gen(function* () {
      const { analyticsApiUrl, serviceKey } = yield* ServicesConfig
      const http = (yield* HttpClient.HttpClient).pipe(HttpClient.filterStatusOk)
      const deleted = new Set<number>()
      let since = 0

      const page = HttpClientRequest.post(
        `${analyticsApiUrl}/internal/v1/keys/changes`
      ).pipe(
        HttpClientRequest.bearerToken(Redacted.value(serviceKey)),
        (request) =>
          Effect.suspend(() => HttpClientRequest.bodyJson(request, { since })),
        Effect.flatMap(http.execute),
        Effect.flatMap(HttpClientResponse.schemaBodyJson(Changes)),
        Effect.timeout("10 seconds"),
        Effect.map(({ keys, revision }) => {
          for (const { projectDeletedAt, projectId } of keys)
            if (projectDeletedAt !== null) deleted.add(projectId)
          since = revision
          return keys.length
        })
      )
      return DeletedProjects.of({
        ids: page.pipe(
          Effect.repeat({ until: (count) => count === 0 }),
          Effect.as(deleted),
          Effect.mapError((cause) => new DeletionsUnknown({ cause })),
          Effect.withSpan("DeletedProjects.ids")
        )
      })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}
