import { createHash } from "node:crypto"
import { fromAuthorization, hashKey } from "@analytics/api-common/BearerKey"
import { Context, Effect, Layer, Option, type Redacted, Schedule, Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import { IdempotencyRepo, type KeyedRequest } from "./IdempotencyRepo.ts"
import { seal, unseal } from "./sealed.ts"

/** The request that the key belongs to has not ended. */
export class StillRunning extends HttpApiError.Problem<StillRunning>()(
  "StillRunning",
  {
    type: "urn:analytics:problem:idempotency-conflict",
    status: 409,
    title: "A request with this Idempotency-Key runs; wait for it"
  },
  { retryAfter: Schema.Int }
) {}

/** A key names one request. */
export class KeyReused extends HttpApiError.Problem<KeyReused>()("KeyReused", {
  type: "urn:analytics:problem:idempotency-key-reused",
  status: 422,
  title: "The Idempotency-Key belongs to another request; take a new one"
}) {}

/** 1 to 255 printable characters of ASCII. */
export class KeyMalformed extends HttpApiError.Problem<KeyMalformed>()("KeyMalformed", {
  type: "urn:analytics:problem:idempotency-key-malformed",
  status: 400,
  title: "An Idempotency-Key has 1 to 255 printable characters of ASCII"
}) {}

export interface Answer {
  readonly status: number
  readonly body: unknown
}
const AnswerJson = Schema.fromJsonString(
  Schema.Struct({ status: Schema.Int, body: Schema.Unknown })
)

/** A request with an `Idempotency-Key`, by somebody with a key. */
export interface Keyed {
  readonly bearer: Redacted.Redacted
  readonly request: KeyedRequest
}

/** What happened to a request that may have been sent before. */
export class Idempotency extends Context.Service<
  Idempotency,
  {
    /** None for a new request; else the answer that it got before. */
    begin(
      keyed: Keyed
    ): Effect.Effect<
      Option.Option<Answer>,
      StillRunning | KeyReused | KeyMalformed | ControlUnavailable
    >
    /**
     * Keeps the answer, unless the same request may well end otherwise when sent again. What
     * the store does not take is logged, by the SHA-256 of the key.
     */
    end(keyed: Keyed, answer: Answer): Effect.Effect<void>
  }
>()("@analytics/analytics-api/idempotency/Idempotency") {
  static readonly layer = Layer.effect(
    Idempotency,
    Effect.gen(function* () {
      const repo = yield* IdempotencyRepo
      yield* repo.removeOld.pipe(
        Effect.ignore,
        Effect.repeat(Schedule.spaced("1 hour")),
        Effect.forkScoped
      )
      return Idempotency.of({
        begin: Effect.fn("Idempotency.begin")(function* ({ bearer, request }) {
          if (!/^[\x20-\x7e]{1,255}$/u.test(request.key))
            return yield* new KeyMalformed({})
          const earlier = yield* repo.begin(request)
          if (Option.isNone(earlier)) return Option.none()
          const { answer, isSame } = earlier.value
          if (!isSame) return yield* new KeyReused({})
          if (answer === null) return yield* new StillRunning({ retryAfter: 1 })
          const text = yield* Effect.sync(() => unseal(bearer, answer))
          return Option.some(yield* Effect.orDie(Schema.decodeEffect(AnswerJson)(text)))
        }),
        end: Effect.fn("Idempotency.end")(function* ({ bearer, request }, answer) {
          const text = yield* Effect.orDie(
            Schema.encodeEffect(AnswerJson)({ ...answer, body: answer.body ?? null })
          )
          yield* repo
            .end(request, isFinal(answer.status) ? seal(bearer, text) : undefined)
            .pipe(
              Effect.catch((error) =>
                Effect.logWarning(
                  "the answer to a write could not be kept; sent again, it may happen twice",
                  error
                ).pipe(
                  Effect.annotateLogs({
                    idempotency_key_hash: createHash("sha256")
                      .update(request.key)
                      .digest("hex"),
                    "http.response.status_code": answer.status
                  })
                )
              )
            )
        })
      })
    })
  )
}

/** Refusals of the moment, and our own faults, may be gone the next time. */
const isFinal = (status: number): boolean =>
  status < 500 && ![401, 403, 408, 409, 429].includes(status)

/** Undefined without the header, or without a key in `Authorization`. */
export const keyedRequest = (
  headers: Readonly<Record<string, string | undefined>>,
  method: string,
  path: string,
  body: unknown
): Keyed | undefined => {
  const key = headers["idempotency-key"]
  const bearer = Option.getOrUndefined(fromAuthorization(headers["authorization"]))
  if (key === undefined || bearer === undefined) return undefined
  const requestHash = createHash("sha256")
    .update(JSON.stringify([method, path, body ?? null]))
    .digest()
  const caller = Buffer.from(hashKey(bearer), "hex")
  return { bearer, request: { caller, key, requestHash } }
}
