import { askedAgain } from "@analytics/api-common/outgoing/askedAgain"
import { KeySyncConfig } from "@analytics/config/KeySyncConfig"
import { Context, Effect, Layer, Redacted, Schema } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientRequest,
  HttpClientResponse
} from "effect/http"
import { ProjectKey } from "./ProjectKey.ts"

/** analytics-api cannot be asked. */
export class KeyFeedUnavailable extends Schema.TaggedError<KeyFeedUnavailable>()(
  "KeyFeedUnavailable",
  { cause: Schema.Defect() }
) {}

const Changes = Schema.Struct({ revision: Schema.Int, keys: Schema.Array(ProjectKey) })

/** A page of changes. */
export interface Changes extends Schema.Schema.Type<typeof Changes> {
  /** How far the clock of analytics-api is ahead of ours, in milliseconds. */
  readonly ahead: number
}
const Lookup = Schema.Struct({ key: Schema.NullOr(ProjectKey) })

/** When a key was last used. */
export interface KeyUse {
  readonly keyId: string
  readonly at: string
}

/** Where keys come from. */
export class KeyFeed extends Context.Service<
  KeyFeed,
  {
    /** All keys changed after revision `since`, and the revision they lead to. */
    changes(
      since: number,
      used: ReadonlyArray<KeyUse>
    ): Effect.Effect<Changes, KeyFeedUnavailable>
    /** The key with this hash, or `null` when there is none. */
    lookup(hash: string): Effect.Effect<ProjectKey | null, KeyFeedUnavailable>
  }
>()("@analytics/data-ingestion/keys/KeyFeed") {
  static readonly layer = Layer.effect(
    KeyFeed,
    Effect.gen(function* () {
      const config = yield* KeySyncConfig
      const http = (yield* HttpClient.HttpClient).pipe(
        HttpClient.filterStatusOk,
        HttpClient.mapRequest((request) =>
          request.pipe(
            HttpClientRequest.prependUrl(`${config.analyticsApiUrl}/internal/v1/keys`),
            HttpClientRequest.bearerToken(Redacted.value(config.serviceKey))
          )
        )
      )
      const ask = <S extends Schema.Codec<unknown, unknown>>(
        path: string,
        body: object,
        answer: S,
        client = http
      ) =>
        HttpClientRequest.post(path).pipe(
          HttpClientRequest.bodyJson(body),
          Effect.flatMap(client.execute),
          Effect.flatMap((response) =>
            Effect.map(HttpClientResponse.schemaBodyJson(answer)(response), (body) => ({
              body,
              ahead: aheadOf(response.headers["date"], Date.now())
            }))
          ),
          // A revoked key counts for what passes between two questions, and this.
          Effect.timeout("1500 millis"),
          Effect.mapError((cause) => new KeyFeedUnavailable({ cause }))
        )
      return KeyFeed.of({
        changes: Effect.fn("KeyFeed.changes")((since, used) =>
          Effect.map(ask("/changes", { since, used }, Changes), ({ ahead, body }) => ({
            ...body,
            ahead
          }))
        ),
        lookup: Effect.fn("KeyFeed.lookup")((hash) =>
          Effect.map(
            ask("/lookup", { hash }, Lookup, askedAgain(http)),
            ({ body }) => body.key
          )
        )
      })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}

/** `Date` has whole seconds: half of one is what it lacks on average. */
const aheadOf = (date: string | undefined, now: number): number => {
  const ahead = Date.parse(date ?? "") + 500 - now
  return Number.isNaN(ahead) ? 0 : ahead
}
