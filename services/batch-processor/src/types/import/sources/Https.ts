import {
  addressesOf,
  codeOf,
  guardedFetch,
  type Network,
  type NoAnswer,
  type NotPublic,
  systemNetwork
} from "@analytics/api-common/outgoing/GuardedFetch"
import { Context, Effect, Layer, Schema, Stream } from "effect"
import { httpsOf, UrlRefused } from "./allowedUrl.ts"

/** The file is not to be had from there, however often it is asked for. */
export class NotFetched extends Schema.TaggedError<NotFetched>()("NotFetched", {
  detail: Schema.String
}) {}

/** Nothing came now; it may a moment later. */
export class NotAnswered extends Schema.TaggedError<NotAnswered>()("NotAnswered", {
  detail: Schema.String
}) {}

const MOST_REDIRECTS = 5
const LONGEST_SILENCE = "60 seconds"

/** Files of other hosts, over connections that lead where the check said they would. */
export class Https extends Context.Service<
  Https,
  {
    /** Fails when a name leads to an address that is not public. Names nobody knows pass. */
    check(url: URL): Effect.Effect<void, NotFetched>
    /** The file, redirects followed to hosts that are allowed as well. */
    fetch(
      url: URL,
      hosts: ReadonlyArray<string>
    ): Stream.Stream<Uint8Array, NotFetched | NotAnswered>
  }
>()("@analytics/batch-processor/types/import/sources/Https") {
  static readonly layerOf = (network: Network) =>
    Layer.sync(Https, () => {
      const followed = Effect.fnUntraced(function* (
        start: URL,
        hosts: ReadonlyArray<string>
      ) {
        let url = start
        for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
          const response = yield* Effect.mapError(guardedFetch(network, url), told)
          const location = response.headers.get("location")
          if (response.status < 300 || response.status >= 400 || location === null)
            return { response, url }
          url = yield* redirected(location, url, hosts)
        }
        return yield* new NotFetched({
          detail: `${start.host} redirects more than ${MOST_REDIRECTS} times.`
        })
      })

      return Https.of({
        check: (url) =>
          addressesOf(network, url).pipe(
            Effect.mapError(told),
            Effect.asVoid,
            Effect.catchTag("NotAnswered", () => Effect.void)
          ),
        fetch: (start, hosts) =>
          Stream.unwrap(
            Effect.gen(function* () {
              const { response, url } = yield* followed(start, hosts)
              const { body, status } = response
              if (status === 429 || status >= 500)
                return yield* new NotAnswered({
                  detail: `${url.host} answers ${status}`
                })
              if (status !== 200 || body === null)
                return yield* new NotFetched({
                  detail: `${url.host} answers ${status} instead of the file.`
                })
              return Stream.fromReadableStream<Uint8Array, NotAnswered>({
                evaluate: () => body,
                onError: (error) =>
                  new NotAnswered({
                    detail: `${url.host} broke off (${codeOf(error)})`
                  })
              }).pipe(
                Stream.timeoutOrElse({
                  duration: LONGEST_SILENCE,
                  orElse: () =>
                    Stream.fail(new NotAnswered({ detail: `${url.host} fell silent` }))
                })
              )
            })
          )
      })
    })

  static readonly layer = Https.layerOf(systemNetwork)
}

const redirected = (location: string, from: URL, hosts: ReadonlyArray<string>) =>
  Effect.try({
    try: () => httpsOf(new URL(location, from), hosts),
    catch: (error) =>
      new NotFetched({
        detail: `${from.host} redirects to where nothing is read: ${
          error instanceof UrlRefused ? error.message : "not a URL."
        }`
      })
  })

const told = (error: NotPublic | NoAnswer): NotFetched | NotAnswered => {
  const { host } = error
  if (error._tag === "NotPublic")
    return new NotFetched({
      detail: `${host} is at an address that is not public: upload the file instead.`
    })
  const said = {
    "no address": `${host} has no address now`,
    refused: `${host} cannot be read (${error.code})`,
    silent: `${host} does not answer`
  }
  return new NotAnswered({ detail: said[error.reason] })
}
