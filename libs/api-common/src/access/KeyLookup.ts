import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientRequest,
  HttpClientResponse
} from "effect/http"
import { askedAgain } from "../outgoing/askedAgain.ts"
import { KeysUnavailable } from "./KeysUnavailable.ts"

/** As analytics-api publishes it, as far as it matters here. */
const PublishedKey = Schema.Struct({
  keyId: Schema.String,
  projectId: Schema.Int,
  kind: Schema.Literals(["write", "secret"]),
  scopes: Schema.Array(Schema.String),
  expiresAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  revokedAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  projectDeletedAt: Schema.NullOr(Schema.DateTimeUtcFromString)
})
export type PublishedKey = typeof PublishedKey.Type

const Found = Schema.Struct({ key: Schema.NullOr(PublishedKey) })

/** Whose key it is, as analytics-api says. */
export class KeyLookup extends Context.Service<
  KeyLookup,
  {
    /** By the hex SHA-256 of the key. */
    byHash(hash: string): Effect.Effect<Option.Option<PublishedKey>, KeysUnavailable>
  }
>()("@analytics/api-common/access/KeyLookup") {
  static readonly layer = Layer.effect(
    KeyLookup,
    Effect.gen(function* () {
      const config = yield* ServicesConfig
      const http = (yield* HttpClient.HttpClient).pipe(
        HttpClient.filterStatusOk,
        askedAgain
      )
      return KeyLookup.of({
        byHash: Effect.fn("KeyLookup.byHash")(
          (hash: string) =>
            HttpClientRequest.post(
              `${config.analyticsApiUrl}/internal/v1/keys/lookup`
            ).pipe(
              HttpClientRequest.bearerToken(Redacted.value(config.serviceKey)),
              HttpClientRequest.bodyJson({ hash }),
              Effect.flatMap(http.execute),
              Effect.flatMap(HttpClientResponse.schemaBodyJson(Found)),
              Effect.timeout("3 seconds"),
              Effect.map(({ key }) => Option.fromNullOr(key))
            ),
          Effect.catch((error) =>
            Effect.logWarning("analytics-api cannot say whose key it is", error).pipe(
              Effect.andThen(Effect.fail(new KeysUnavailable({})))
            )
          )
        )
      })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}
