import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { Auth } from "@analytics/api-common/access/Auth"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema, Stream } from "effect"
import { Elysia } from "elysia"
import { JobsUnavailable } from "../JobsUnavailable.ts"
import { TooManyUploads, UploadTooLarge, UploadUnreadable } from "./UploadProblems.ts"
import { Uploads } from "./Uploads.ts"

const Upload = Schema.Struct({
  id: Schema.String,
  bytes: Schema.Int,
  sha256: Schema.String.annotate({ description: "hex" }),
  expiresAt: Schema.DateTimeUtcFromString
})

const Owner = Schema.Struct({
  projectId: Schema.optionalKey(
    Schema.FiniteFromString.check(
      Schema.isInt(),
      Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 })
    )
  ).annotate({ description: "With the admin key; a secret key is of one project." })
})

/** `POST /v1/uploads`: the body, as it comes, becomes a file for jobs. */
export const uploadRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Uploads, ER>
) =>
  new Elysia({ prefix: "/v1", tags: ["uploads"] }).use(effectPlugin(runtime)).post(
    "/uploads",
    ({ headers, query, request, run }) =>
      run(
        Upload,
        Effect.gen(function* () {
          const access = yield* (yield* Auth).adminOrProject(headers["authorization"], [
            "jobs"
          ])
          const projectId = access.projectId ?? query.projectId
          if (projectId === undefined) return yield* new ProjectMissing({})
          if (access.projectId !== null && query.projectId !== undefined)
            if (query.projectId !== access.projectId)
              return yield* new Forbidden({
                detail: "This key is for another project."
              })
          return yield* (yield* Uploads).receive(
            { projectId, actor: access.actor },
            bodyOf(request)
          )
        }),
        201
      ),
    {
      parse: "none",
      query: received(Owner),
      response: {
        201: sent(Upload),
        400: sent(UploadUnreadable),
        401: sent(Unauthorized),
        403: sent(Forbidden),
        413: sent(UploadTooLarge),
        422: sent(ProjectMissing),
        429: sent(TooManyUploads),
        503: sent(Schema.Union([JobsUnavailable, KeysUnavailable]))
      },
      detail: {
        summary: "Send a file for a job",
        description:
          "The body is the file, byte by byte, whatever its Content-Type says. With the admin key, or a secret key with the scope `jobs`. The file goes away at `expiresAt`, unless an open job names it.",
        security: [{ key: [] }],
        requestBody: {
          required: true,
          content: {
            "application/octet-stream": { schema: { type: "string", format: "binary" } }
          }
        }
      }
    }
  )

const bodyOf = ({ body }: Request): Stream.Stream<Uint8Array, UploadUnreadable> =>
  body === null
    ? Stream.fail(new UploadUnreadable({ detail: "The body is empty: send the file." }))
    : Stream.fromReadableStream({
        evaluate: () => body,
        onError: () => new UploadUnreadable({ detail: "The body ended early." })
      })
