import { lookup } from "node:dns/promises"
import { Effect, Schema } from "effect"
import { isPublicAddress } from "./publicAddress.ts"

/** The host is at an address that is not public. */
export class NotPublic extends Schema.TaggedError<NotPublic>()("NotPublic", {
  host: Schema.String
}) {}

/** No answer came; one may a moment later. */
export class NoAnswer extends Schema.TaggedError<NoAnswer>()("NoAnswer", {
  host: Schema.String,
  reason: Schema.Literals(["no address", "refused", "silent"]),
  /** The system's code or name of it: `ECONNREFUSED`. */
  code: Schema.String
}) {}

/** What a test replaces: names, what counts as public, and whom to trust. */
export interface Network {
  /** All addresses of a name. */
  readonly resolve: (host: string) => Promise<ReadonlyArray<string>>
  readonly isPublic: (address: string) => boolean
  /** Certificates of authorities, as PEM; those of the system without it. */
  readonly ca?: string
}

export const systemNetwork: Network = {
  resolve: async (host) =>
    (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address),
  isPublic: isPublicAddress
}

const LONGEST_ANSWER = "30 seconds"

/** Fails when any of a name's addresses is not public: which of them is taken is chance. */
export const addressesOf = Effect.fnUntraced(function* (network: Network, url: URL) {
  const host = url.hostname.replace(/^\[|\]$/gu, "")
  const addresses = yield* Effect.tryPromise({
    try: () => network.resolve(host),
    catch: (error) => new NoAnswer({ host, reason: "no address", code: codeOf(error) })
  })
  if (!addresses.every(network.isPublic)) return yield* new NotPublic({ host })
  return addresses
})

/**
 * One answer, over a connection to an address that was checked just now: a name that
 * leads elsewhere a moment later changes nothing. Redirects are answers like any other.
 */
export const guardedFetch = Effect.fnUntraced(function* (
  network: Network,
  url: URL,
  init: {
    readonly method?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  } = {}
) {
  const { host } = url
  const [address] = yield* addressesOf(network, url)
  if (address === undefined)
    return yield* new NoAnswer({ host, reason: "no address", code: "none" })
  const pinned = new URL(url)
  pinned.hostname = address.includes(":") ? `[${address}]` : address
  const controller = new AbortController()
  yield* Effect.addFinalizer(() => Effect.sync(() => controller.abort()))
  const { ca } = network
  return yield* Effect.tryPromise({
    try: () =>
      globalThis.fetch(pinned, {
        ...init,
        headers: { ...init.headers, host, "accept-encoding": "identity" },
        redirect: "manual",
        decompress: false,
        keepalive: false,
        signal: controller.signal,
        tls: { serverName: url.hostname, ...(ca === undefined ? {} : { ca }) }
      }),
    catch: (error) => new NoAnswer({ host, reason: "refused", code: codeOf(error) })
  }).pipe(
    Effect.timeoutOrElse({
      duration: LONGEST_ANSWER,
      orElse: () =>
        Effect.fail(new NoAnswer({ host, reason: "silent", code: "timeout" }))
    })
  )
})

export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error
    ? String(error.code)
    : error instanceof Error
      ? error.name
      : "no reason given"
