import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { Auth } from "@analytics/api-common/access/Auth"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { Health } from "@analytics/api-common/Health"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Context, Effect, type ManagedRuntime, Schema, Stream } from "effect"
import { Elysia } from "elysia"
import { JobsUnavailable } from "../JobsUnavailable.ts"
import { JobId } from "./Job.ts"
import { JobEvents, TooManyWatchers } from "./JobEvents.ts"
import { JobNotFound } from "./JobProblems.ts"

const Params = Schema.Struct({ jobId: JobId })

const Opened = Schema.declare(
  (value): value is ReadableStream => value instanceof ReadableStream
)

/** `GET /v1/jobs/{jobId}/events`. */
export const jobEventsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | JobEvents | Health, ER>
) =>
  new Elysia({ tags: ["jobs"] }).use(effectPlugin(runtime)).get(
    "/v1/jobs/:jobId/events",
    async ({ headers, params, request, run, set }) => {
      const opened = await run(
        Opened,
        Effect.gen(function* () {
          const access = yield* (yield* Auth).adminOrProject(headers["authorization"], [
            "jobs",
            "query"
          ])
          const messages = yield* (yield* JobEvents).watch(access, params.jobId)
          const { draining } = yield* Health
          return messages.pipe(
            Stream.interruptWhen(draining),
            Stream.encodeText,
            Stream.toReadableStreamWith(Context.empty(), { signal: request.signal })
          )
        })
      )
      if (!(opened.response instanceof ReadableStream)) return opened
      set.headers["content-type"] = "text/event-stream; charset=utf-8"
      set.headers["cache-control"] = "no-store"
      set.headers["x-accel-buffering"] = "no"
      return opened.response
    },
    {
      params: received(Params),
      response: {
        401: sent(Unauthorized),
        403: sent(Forbidden),
        404: sent(JobNotFound),
        429: sent(TooManyWatchers),
        503: sent(Schema.Union([JobsUnavailable, KeysUnavailable]))
      },
      detail: {
        summary: "Watch a job",
        description:
          "Server-sent events: `job`, as `GET /v1/jobs/{jobId}` answers it, now and whenever it changes. The stream ends with the job, or after an hour.",
        security: [{ key: [] }]
      }
    }
  )
