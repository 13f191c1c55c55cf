import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { Auth } from "@analytics/api-common/access/Auth"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema, Stream } from "effect"
import { Elysia } from "elysia"
import { JobsUnavailable } from "../JobsUnavailable.ts"
import { JobId } from "../jobs/Job.ts"
import { JobNotFound } from "../jobs/JobProblems.ts"
import { Jobs } from "../jobs/Jobs.ts"
import { Exports, FileNotFound } from "./Exports.ts"

const Params = Schema.Struct({ jobId: JobId })
const FileParams = Schema.Struct({
  jobId: JobId,
  name: Schema.String.check(
    Schema.isPattern(/^[a-z][a-z0-9-]{0,40}(\.[a-z0-9]{1,10}){1,2}$/u)
  ).annotate({ description: "One of `GET /v1/jobs/{id}/files`" })
})

const Files = Schema.Struct({
  files: Schema.Array(
    Schema.Struct({ name: Schema.String, bytes: Schema.Int, writtenAt: Schema.String })
  )
})

const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  503: sent(Schema.Union([JobsUnavailable, KeysUnavailable]))
}
const security = [{ key: [] }]

/** Who may take data away: a key that may ask for it. */
const readable = ["query"] as const

const contentTypes: Readonly<Record<string, string>> = {
  json: "application/json",
  csv: "text/csv; charset=utf-8; header=present",
  ndjson: "application/x-ndjson",
  parquet: "application/vnd.apache.parquet",
  arrow: "application/vnd.apache.arrow.stream",
  gz: "application/gzip"
}

/** `/v1/jobs/{id}/files`: what a job wrote for its project. */
export const exportsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Jobs | Exports, ER>
) =>
  new Elysia({ prefix: "/v1", tags: ["jobs"] })
    .use(effectPlugin(runtime))
    .get(
      "/jobs/:jobId/files",
      ({ headers, params, run }) =>
        run(
          Files,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).adminOrProject(
              headers["authorization"],
              readable
            )
            const job = yield* (yield* Jobs).get(access, params.jobId)
            const files = yield* (yield* Exports).list(job)
            return {
              files: files.map(({ bytes, key, modifiedAt }) => ({
                name: key,
                bytes,
                writtenAt: modifiedAt.toISOString()
              }))
            }
          })
        ),
      {
        params: received(Params),
        response: { 200: sent(Files), 404: sent(JobNotFound), ...refusals },
        detail: {
          summary: "The files of an export",
          description:
            "`manifest.json` comes last, and says what the others hold. Files go away `EXPORT_RETENTION` after they were written, and all of a project's when somebody is erased.",
          security
        }
      }
    )
    .get(
      "/jobs/:jobId/files/:name",
      ({ headers, params: { jobId, name }, runResponse }) =>
        runResponse(
          Effect.gen(function* () {
            const access = yield* (yield* Auth).adminOrProject(
              headers["authorization"],
              readable
            )
            const job = yield* (yield* Jobs).get(access, jobId)
            const { content } = yield* (yield* Exports).open(job, name)
            const extension = name.slice(name.lastIndexOf(".") + 1)
            return new Response(
              Stream.toReadableStream(
                content.pipe(
                  Stream.tapCause((cause) =>
                    Effect.logWarning("a file broke off", cause)
                  )
                ),
                // Nothing is read before it is wanted.
                { strategy: new CountQueuingStrategy({ highWaterMark: 0 }) }
              ),
              {
                headers: {
                  "content-type": contentTypes[extension] ?? "application/octet-stream",
                  "content-disposition": `attachment; filename="${name}"`,
                  "cache-control": "private, no-store"
                }
              }
            )
          })
        ),
      {
        params: received(FileParams),
        response: {
          200: sent(Schema.Unknown),
          404: sent(Schema.Union([JobNotFound, FileNotFound])),
          ...refusals
        },
        detail: {
          summary: "A file of an export",
          description:
            "As it is stored; its length and SHA-256 are in `manifest.json`.",
          security
        }
      }
    )
