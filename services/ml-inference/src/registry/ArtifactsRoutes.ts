import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema, Stream } from "effect"
import { Elysia } from "elysia"
import type { ModelAccess } from "../access/ModelAccess.ts"
import { Artifacts } from "./Artifacts.ts"
import { asking, Owner, refusals, security } from "./asking.ts"
import {
  ArtifactTooLarge,
  ArtifactUnreadable,
  RegistryBusy
} from "./RegistryProblems.ts"
import { Sha256 } from "./Version.ts"

const Artifact = Schema.Struct({ sha256: Sha256, bytes: Schema.Int })

/** `PUT /v1/artifacts`: the body, as it comes, becomes the file of a model. */
export const artifactsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Artifacts | ModelAccess, ER>
) =>
  new Elysia({ prefix: "/v1", tags: ["models"] }).use(effectPlugin(runtime)).put(
    "/artifacts",
    ({ headers, query, request, run }) =>
      run(
        Artifact,
        Effect.gen(function* () {
          const actor = yield* asking(headers["authorization"], "models", query)
          return yield* (yield* Artifacts).receive(actor, bodyOf(request))
        })
      ),
    {
      parse: "none",
      query: received(Owner),
      response: {
        200: sent(Artifact),
        ...refusals,
        400: sent(ArtifactUnreadable),
        413: sent(ArtifactTooLarge),
        429: sent(RegistryBusy)
      },
      detail: {
        summary: "Send the file of a model",
        description:
          "The body is an ONNX file, byte by byte, whatever its Content-Type says; its SHA-256 names it when a version is made. Sending it again changes nothing. A file that no version names goes away after a day.",
        security,
        requestBody: {
          required: true,
          content: {
            "application/octet-stream": { schema: { type: "string", format: "binary" } }
          }
        }
      }
    }
  )

const bodyOf = ({ body }: Request): Stream.Stream<Uint8Array, ArtifactUnreadable> =>
  body === null
    ? Stream.empty
    : Stream.fromReadableStream({
        evaluate: () => body,
        onError: () => new ArtifactUnreadable({ detail: "The body ended early." })
      })
