import { Effect, type Option, Redacted, type Schema } from "effect"
import { Flag } from "effect/cli"
import { call } from "./ApiClient.ts"
import { keyFlag, NoTarget, readTarget, secretKeyOf, stackFlag } from "./Target.ts"

/** Who asks batch-processor: a project by its secret key, or the administrator. */
export const batchFlags = {
  admin: Flag.Boolean("admin").pipe(
    Flag.withDescription(
      "With the admin key: work of the installation, or of the project that --project names"
    ),
    Flag.withDefault(false)
  ),
  key: keyFlag,
  stack: stackFlag
}

export interface BatchFlags {
  readonly admin: boolean
  readonly key: Option.Option<Redacted.Redacted>
  readonly stack: string
}

/** batch-processor, as one who asks may use it. */
export interface Batch {
  readonly url: string
  readonly key: Redacted.Redacted
  /** A request under `/v1`. */
  readonly call: <A>(
    method: "GET" | "POST" | "DELETE",
    path: string,
    answer: Schema.Codec<A, unknown>,
    body?: object,
    headers?: Readonly<Record<string, string>>
  ) => ReturnType<typeof call<A>>
}

export const openBatch = Effect.fn("Batch.open")(function* (flags: BatchFlags) {
  const target = yield* readTarget(flags.stack)
  const url = target.services["batch-processor"]
  if (url === undefined)
    return yield* new NoTarget({
      message: `${flags.stack} names no batch-processor: start the stack again (make start)`
    })
  const key = flags.admin ? target.adminKey : yield* secretKeyOf(target, flags.key)
  const batch: Batch = {
    url: `${url}/v1`,
    key,
    call: (method, path, answer, body, headers) =>
      call(method, `${url}/v1${path}`, Redacted.value(key), answer, body, headers)
  }
  return batch
})
