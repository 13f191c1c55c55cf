import { lookup } from "node:dns/promises"
import { Context, Effect, Layer, Schema, Stream } from "effect"
import { httpsOf, UrlRefused } from "./allowedUrl.ts"
import { isPublicAddress } from "./publicAddress.ts"

/** The file is not to be had from there, however often it is asked for. */
export class NotFetched extends Schema.TaggedError<NotFetched>()("NotFetched", {
  detail: Schema.String
}) {}

/** Nothing came now; it may a moment later. */
export class NotAnswered extends Schema.TaggedError<NotAnswered>()("NotAnswered", {
  detail: Schema.String
}) {}

/** What a test replaces: names, what counts as public, and whom to trust. */
export interface Network {
  /** All addresses of a name. */
  readonly resolve: (host: string) => Promise<ReadonlyArray<string>>
  readonly isPublic: (address: string) => boolean
  /** Certificates of authorities, as PEM; those of the system without it. */
  readonly ca?: string
}

const network: Network = {
  resolve: async (host) =>
    (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address),
  isPublic: isPublicAddress
}

const MOST_REDIRECTS = 5
const LONGEST_ANSWER = "30 seconds"
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
  static readonly layerOf = ({ ca, isPublic, resolve }: Network) =>
    Layer.sync(Https, () => {
      const addressesOf = Effect.fnUntraced(function* (url: URL) {
        const host = url.hostname.replace(/^\[|\]$/gu, "")
        const addresses = yield* Effect.tryPromise({
          try: () => resolve(host),
          catch: () => new NotAnswered({ detail: `${host} has no address now` })
        })
        // One that is not public is enough: which of them is taken is chance.
        if (!addresses.every(isPublic))
          return yield* new NotFetched({
            detail: `${host} is at an address that is not public: upload the file instead.`
          })
        return addresses
      })

      /** One answer, over a connection to an address that was checked just now. */
      const answerOf = Effect.fnUntraced(function* (url: URL) {
        const [address] = yield* addressesOf(url)
        if (address === undefined)
          return yield* new NotAnswered({
            detail: `${url.hostname} has no address now`
          })
        const pinned = new URL(url)
        pinned.hostname = address.includes(":") ? `[${address}]` : address
        const controller = new AbortController()
        yield* Effect.addFinalizer(() => Effect.sync(() => controller.abort()))
        return yield* Effect.tryPromise({
          try: () =>
            globalThis.fetch(pinned, {
              headers: { host: url.host, "accept-encoding": "identity" },
              redirect: "manual",
              decompress: false,
              keepalive: false,
              signal: controller.signal,
              tls: { serverName: url.hostname, ...(ca === undefined ? {} : { ca }) }
            }),
          catch: (error) =>
            new NotAnswered({ detail: `${url.host} cannot be read (${codeOf(error)})` })
        }).pipe(
          Effect.timeoutOrElse({
            duration: LONGEST_ANSWER,
            orElse: () =>
              Effect.fail(new NotAnswered({ detail: `${url.host} does not answer` }))
          })
        )
      })

      const followed = Effect.fnUntraced(function* (
        start: URL,
        hosts: ReadonlyArray<string>
      ) {
        let url = start
        for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
          const response = yield* answerOf(url)
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
          addressesOf(url).pipe(
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

  static readonly layer = Https.layerOf(network)
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

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error
    ? String(error.code)
    : error instanceof Error
      ? error.name
      : "no reason given"
