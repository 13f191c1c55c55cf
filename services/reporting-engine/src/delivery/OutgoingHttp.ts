import {
  guardedFetch,
  type Network,
  type NoAnswer,
  type NotPublic,
  systemNetwork
} from "@analytics/api-common/outgoing/GuardedFetch"
import { DeliveryConfig } from "@analytics/config/DeliveryConfig"
import { Clock, Context, Effect, Layer } from "effect"
import { type Outcome, outcome } from "./Outcome.ts"
import { retryAfterOf } from "./retries.ts"

const LONGEST = "30 seconds"
const MOST_READ = 4096

/** Requests to URLs that users gave: to public addresses, without redirects, read in part. */
export class OutgoingHttp extends Context.Service<
  OutgoingHttp,
  {
    /** Why a URL may not be posted to; undefined: it may. */
    refusal(url: string): Effect.Effect<string | undefined>
    post(
      url: string,
      headers: Readonly<Record<string, string>>,
      body: string
    ): Effect.Effect<Outcome>
  }
>()("@analytics/reporting-engine/delivery/OutgoingHttp") {
  static readonly layerOf = (network: Network) =>
    Layer.effect(
      OutgoingHttp,
      Effect.map(DeliveryConfig, ({ outgoingHosts }) => {
        const isInside = (url: URL) => outgoingHosts.includes(url.host)
        const networkOf = (url: URL): Network =>
          isInside(url) ? { ...network, isPublic: () => true } : network
        const wrong = (given: string): string | undefined => {
          if (!URL.canParse(given)) return "It is not a URL."
          const url = new URL(given)
          if (url.username !== "" || url.password !== "")
            return "A URL here must not hold a user name or a password."
          const isWeb =
            url.protocol === "https:" || (url.protocol === "http:" && isInside(url))
          return isWeb
            ? undefined
            : `Only https:// is posted to; ${url.host} may be added to REPORT_OUTGOING_HOSTS.`
        }

        const answered = Effect.fnUntraced(function* (response: Response) {
          const text = yield* Effect.promise(() => beginning(response)).pipe(
            Effect.timeoutOrElse({
              duration: "5 seconds",
              orElse: () => Effect.succeed("")
            })
          )
          const now = yield* Clock.currentTimeMillis
          const wish = retryAfterOf(response.headers.get("retry-after"), now)
          return outcome(kindOf(response.status), response.status, text, wish)
        })

        return OutgoingHttp.of({
          refusal: Effect.fn("OutgoingHttp.refusal")(function* (given) {
            const flaw = wrong(given)
            if (flaw !== undefined) return flaw
            const url = new URL(given)
            const host = url.hostname.replace(/^\[|\]$/gu, "")
            const addresses = yield* Effect.promise(() =>
              network.resolve(host).catch((): ReadonlyArray<string> => [])
            ).pipe(
              Effect.timeoutOrElse({
                duration: "5 seconds",
                orElse: () => Effect.succeed<ReadonlyArray<string>>([])
              })
            )
            return addresses.every(networkOf(url).isPublic)
              ? undefined
              : `${host} is at an address that is not public: REPORT_OUTGOING_HOSTS may allow it.`
          }),
          post: Effect.fn("OutgoingHttp.post")(
            function* (given, headers, body) {
              const flaw = wrong(given)
              if (flaw !== undefined) return outcome("refused", null, flaw)
              const url = new URL(given)
              return yield* guardedFetch(networkOf(url), url, {
                method: "POST",
                headers: {
                  "content-type": "application/json",
                  "user-agent": "analytics-reporting-engine",
                  ...headers
                },
                body
              }).pipe(
                Effect.flatMap(answered),
                Effect.catch((error) => Effect.succeed(unanswered(error)))
              )
            },
            Effect.scoped,
            Effect.timeoutOrElse({
              duration: LONGEST,
              orElse: () =>
                Effect.succeed(outcome("unknown", null, "It did not answer in time."))
            })
          )
        })
      })
    )

  static readonly layer = OutgoingHttp.layerOf(systemNetwork)
}

/** Asked to come again: too early, too often, too busy. */
const later = new Set([408, 425, 429])

const kindOf = (status: number): Outcome["kind"] =>
  status >= 200 && status < 300
    ? "accepted"
    : status >= 500 || later.has(status)
      ? "deferred"
      : "refused"

/** No connection, no message: only what broke off later may have arrived. */
const unconnected = new Set([
  "ECONNREFUSED",
  "ConnectionRefused",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "FailedToOpenSocket",
  "none"
])
/** Certificates that are not trusted: it ends before a word of the message. */
const untrusted =
  /^(?:CERT_|DEPTH_ZERO_|ERR_TLS_CERT_|SELF_SIGNED_CERT_|UNABLE_TO_(?:GET|VERIFY)_)/u

const unanswered = (error: NotPublic | NoAnswer): Outcome => {
  const { host } = error
  if (error._tag === "NotPublic")
    return outcome("refused", null, `${host} is at an address that is not public.`)
  const isOut =
    error.reason === "no address" ||
    unconnected.has(error.code) ||
    untrusted.test(error.code)
  return outcome(
    isOut ? "deferred" : "unknown",
    null,
    `${host} gave no answer (${error.code}).`
  )
}

/** As much of an answer as the ledger keeps; the rest is not read. */
const beginning = async (response: Response): Promise<string> => {
  const chunks: Array<Uint8Array> = []
  let size = 0
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk)
      size += chunk.byteLength
      if (size >= MOST_READ) break
    }
  } catch {
    // The status alone tells how it ended.
  }
  return Buffer.concat(chunks).subarray(0, MOST_READ).toString("utf8")
}
