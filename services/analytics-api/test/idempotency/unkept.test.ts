import { expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer, Logger, Option, Redacted, References } from "effect"
import { ControlUnavailable } from "../../src/ControlUnavailable.ts"
import { Idempotency } from "../../src/idempotency/Idempotency.ts"
import { IdempotencyRepo } from "../../src/idempotency/IdempotencyRepo.ts"

const told: Array<{ message: unknown; level: string; annotations: object }> = []
const logger = Logger.make(({ fiber, logLevel, message }) => {
  const annotations = fiber.getRef(References.CurrentLogAnnotations)
  told.push({ message, level: logLevel, annotations })
})

const { effect } = withLayer(
  Idempotency.layer.pipe(
    Layer.provide(
      Layer.succeed(IdempotencyRepo, {
        begin: () => Effect.succeedNone,
        end: () => Effect.fail(new ControlUnavailable({})),
        removeOld: Effect.void
      })
    )
  )
)

effect("an answer that the store does not take is told to the operator", () =>
  Effect.gen(function* () {
    const idempotency = yield* Idempotency
    const bytes = new Uint8Array(32)
    const keyed = {
      bearer: Redacted.make("sk_secret"),
      request: { caller: bytes, key: "order 7", requestHash: bytes }
    }
    expect(Option.isNone(yield* idempotency.begin(keyed))).toBe(true)
    yield* idempotency.end(keyed, { status: 201, body: { secretKey: "sk_made" } })
    expect(told.length).toBe(1)
    expect(told[0]?.level).toBe("Warn")
    expect(String(told[0]?.message)).toContain("could not be kept")
    expect(told[0]?.annotations).toEqual({
      // Of "order 7".
      idempotency_key_hash:
        "0fc89f8ae19394b48debd6353bb9ad3393f3bc791931519f19d176a7e5513ebc",
      "http.response.status_code": 201
    })
    for (const secret of ["sk_secret", "sk_made", "order 7"])
      expect(JSON.stringify(told)).not.toContain(secret)
  }).pipe(Effect.provide(Logger.layer([logger])))
)
