import {
  type InferenceClient,
  makeInferenceClient
} from "@analytics/inference-protocol/InferenceClient"
import { Effect, Option, Redacted, Schema } from "effect"
import { Flag } from "effect/cli"
import { HttpClientRequest } from "effect/http"
import { call, explain, Refused, send } from "../ApiClient.ts"
import { keyFlag, NoTarget, readTarget, secretKeyOf, stackFlag } from "../Target.ts"

/** Whose models: a project's by its secret key, or with the admin key those of `--project`. */
export const inferenceFlags = {
  project: Flag.Int("project").pipe(
    Flag.withDescription("Project id: with the admin key instead of the project's own"),
    Flag.optional
  ),
  key: keyFlag,
  stack: stackFlag
}

export interface InferenceFlags {
  readonly project: Option.Option<number>
  readonly key: Option.Option<Redacted.Redacted>
  readonly stack: string
}

/** ml-inference, as one who asks may use it. */
export interface Inference {
  /** A request under `/v1`; `path` has no query. */
  readonly call: <A>(
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    answer: Schema.Codec<A, unknown>,
    body?: object,
    query?: Readonly<Record<string, string>>
  ) => ReturnType<typeof call<A>>
  /** Sends the file of a model. */
  readonly upload: (
    file: Uint8Array
  ) => Effect.Effect<
    { readonly sha256: string; readonly bytes: number },
    Effect.Error<ReturnType<typeof call>>,
    Effect.Services<ReturnType<typeof call>>
  >
  readonly client: InferenceClient
}

const Artifact = Schema.Struct({ sha256: Schema.String, bytes: Schema.Number })

export const openInference = Effect.fn("Inference.open")(function* (
  flags: InferenceFlags
) {
  const target = yield* readTarget(flags.stack)
  const url = target.services["ml-inference"]
  if (url === undefined)
    return yield* new NoTarget({
      message: `${flags.stack} names no ml-inference: start the stack again (make start)`
    })
  const projectId = Option.getOrUndefined(flags.project)
  const key =
    projectId === undefined ? yield* secretKeyOf(target, flags.key) : target.adminKey
  const secret = Redacted.value(key)
  const whose: Record<string, string> =
    projectId === undefined ? {} : { projectId: String(projectId) }
  const placed = (path: string, query: Readonly<Record<string, string>> = {}) => {
    const search = new URLSearchParams({ ...whose, ...query }).toString()
    return `${url}/v1${path}${search === "" ? "" : `?${search}`}`
  }
  const inference: Inference = {
    call: (method, path, answer, body, query) =>
      call(method, placed(path, query), secret, answer, body),
    upload: Effect.fn("Inference.upload")(function* (file) {
      const { status, text } = yield* send(
        HttpClientRequest.make("PUT")(placed("/artifacts")).pipe(
          HttpClientRequest.bearerToken(key),
          HttpClientRequest.bodyUint8Array(file, "application/octet-stream")
        )
      )
      if (status < 200 || status >= 300)
        return yield* new Refused({ status, message: explain(status, text) })
      return yield* Schema.decodeUnknownEffect(Schema.fromJsonString(Artifact))(
        text
      ).pipe(
        Effect.mapError(
          (error) =>
            new Refused({ status, message: `unknown answer: ${error.message}` })
        )
      )
    }),
    client: makeInferenceClient({ url, key, projectId })
  }
  return inference
})

/** The path of a model under `/v1`. */
export const modelPath = (name: string) => `/models/${encodeURIComponent(name)}`
