import { promisify } from "node:util"
import { gunzip, inflate } from "node:zlib"
import { readUpTo, BodyTooLarge as TooLarge } from "@analytics/api-common/JsonBody"
import { MlConfig } from "@analytics/config/MlConfig"
import { Malformed } from "@analytics/inference-protocol/Malformed"
import { Context, Effect, Layer } from "effect"
import {
  BodiesExhausted,
  BodyTooLarge,
  BodyTooSlow,
  EncodingUnsupported
} from "./ProtocolProblems.ts"

type Unpack = (
  bytes: Uint8Array,
  options: { readonly maxOutputLength: number }
) => Promise<Uint8Array>

/** By Content-Encoding; `deflate` is the format of zlib, as HTTP says. */
const unpackers: Readonly<Record<string, Unpack>> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate)
}

/** What is smaller is not counted: connections bound how much of it there is. */
const SMALL = 64 * 1024

/** Milliseconds: who sends slower than this would hold what others wait for. */
const ARRIVAL = 60_000

/** Bodies of the largest size that may be held at once. */
const MOST_LARGE = 8

type BodyFailure =
  | BodyTooLarge
  | BodyTooSlow
  | EncodingUnsupported
  | BodiesExhausted
  | Malformed

/**
 * A body that is small and not packed, before any program runs: waiting in a program costs
 * as much as a small model takes. Undefined: it is to be read the other way, which also
 * says what is wrong with it.
 */
export const smallBody = async (
  request: Request,
  arrival = ARRIVAL
): Promise<Uint8Array | BodyTooSlow | undefined> => {
  const length = request.headers.get("content-length")
  if (length === null || Number(length) > SMALL) return undefined
  if (request.headers.has("content-encoding")) return undefined
  const body = request.arrayBuffer()
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    // Nearly all are there already, and need no timer.
    if (Bun.peek.status(body) === "fulfilled") return new Uint8Array(await body)
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), arrival)
    })
    const first = await Promise.race([body, late])
    if (first === "late") {
      // Nobody is left to hear how it ends.
      body.catch(() => {})
      return new BodyTooSlow({})
    }
    return new Uint8Array(first)
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

/** Reads the bodies of requests, as many at once as there is memory for. */
export class RequestBodies extends Context.Service<
  RequestBodies,
  {
    /** `use` has the unpacked body; while it runs, the memory counts as taken. */
    use<A, E, R>(
      request: Request,
      use: (body: Uint8Array) => Effect.Effect<A, E, R>
    ): Effect.Effect<A, E | BodyFailure, R>
  }
>()("@analytics/ml-inference/protocol/RequestBodies") {
  /** `limit`: bytes of one body, packed and unpacked; `arrival`: milliseconds. */
  static readonly layerOf = (limit: number, arrival?: number) =>
    Layer.sync(RequestBodies, () => RequestBodies.of(makeBodies(limit, arrival)))

  static readonly layer = Layer.effect(
    RequestBodies,
    Effect.map(MlConfig, ({ maxRequestSize }) =>
      RequestBodies.of(makeBodies(maxRequestSize))
    )
  )
}

const makeBodies = (
  limit: number,
  arrival: number = ARRIVAL
): RequestBodies["Service"] => {
  let held = 0

  /** Sets what one request holds, if there is room for it. */
  const hold = (share: { bytes: number }, bytes: number) =>
    Effect.suspend(() => {
      if (held - share.bytes + bytes > MOST_LARGE * limit)
        return Effect.fail(new BodiesExhausted({}))
      held += bytes - share.bytes
      share.bytes = bytes
      return Effect.succeed(share)
    })

  const read = async (request: Request, encoding: string): Promise<Uint8Array> => {
    const bytes = request.headers.has("content-length")
      ? new Uint8Array(await request.arrayBuffer())
      : await readUpTo(request, limit)
    // At most four at once: the threads that Bun unpacks with.
    return unpackers[encoding]?.(bytes, { maxOutputLength: limit }) ?? bytes
  }

  return {
    use: (request, use) => {
      const encoding = (
        request.headers.get("content-encoding") ?? "identity"
      ).toLowerCase()
      if (encoding !== "identity" && !Object.hasOwn(unpackers, encoding))
        return Effect.fail(new EncodingUnsupported({ encoding }))
      const announced = Number(request.headers.get("content-length") ?? limit)
      if (announced > limit) return Effect.fail(new BodyTooLarge({ limit }))
      const body = Effect.tryPromise({
        try: () => read(request, encoding),
        catch: (error) => problemOf(error, limit, encoding)
      }).pipe(
        Effect.timeoutOrElse({
          duration: arrival,
          orElse: () => Effect.fail(new BodyTooSlow({}))
        })
      )
      if (announced <= SMALL && encoding === "identity")
        return Effect.flatMap(body, use)
      return Effect.acquireUseRelease(
        hold({ bytes: 0 }, announced),
        (share) =>
          Effect.flatMap(body, (bytes) =>
            Effect.andThen(hold(share, bytes.length), use(bytes))
          ),
        (share) => hold(share, 0)
      )
    }
  }
}

const problemOf = (
  error: unknown,
  limit: number,
  encoding: string
): BodyTooLarge | Malformed => {
  if (error instanceof TooLarge) return new BodyTooLarge({ limit })
  const code = error instanceof Error && "code" in error ? error.code : undefined
  if (code === "ERR_BUFFER_TOO_LARGE") return new BodyTooLarge({ limit })
  return new Malformed({
    detail:
      encoding === "identity"
        ? "The body ended early"
        : `The body is not ${encoding}, as Content-Encoding says`
  })
}
