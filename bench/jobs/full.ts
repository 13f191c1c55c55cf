import type { Auth } from "@analytics/api-common/access/Auth"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { BatchLive } from "@analytics/batch-processor/BatchLive"
import { JobRun } from "@analytics/batch-processor/jobs/JobRun"
import type { Jobs } from "@analytics/batch-processor/jobs/Jobs"
import { jobsRoutes } from "@analytics/batch-processor/jobs/JobsRoutes"
import type { JobType } from "@analytics/batch-processor/jobs/JobType"
import { JobTypes, ready } from "@analytics/batch-processor/jobs/JobTypes"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import * as Postgres from "@analytics/database/Postgres"
import { Effect, Layer, type ManagedRuntime, Redacted, Schema } from "effect"
import { Elysia } from "elysia"
import { Begun } from "./Begun.ts"
import { postgres, runner } from "./stores.ts"

const adminKey = "admin-key-of-the-bench"
const PORT = 29_434

const Payload = Schema.Struct({ name: Schema.String })
const Nothing = Schema.Struct({})

/** One step that does nothing, as many at once as anybody wants. */
const timed: JobType<typeof Payload, typeof Nothing, Begun> = {
  name: "timed",
  description: "Of the bench.",
  of: "either",
  payload: Payload,
  result: Nothing,
  limits: {
    perProject: 1000,
    inAll: 1000,
    waiting: 100_000,
    time: 600_000,
    memory: 1,
    attempts: 5
  },
  run: Effect.fnUntraced(function* ({ payload: { name } }) {
    const { begin, end } = yield* Begun
    const run = yield* JobRun
    begin(name)
    const result = yield* run.step("nothing", Nothing, Effect.succeed({}))
    end(name)
    return result
  })
}

const keys = {
  adminKey: Redacted.make(adminKey),
  serviceKey: Redacted.make("service-key-of-the-bench")
}

/** A whole runner with its dispatcher, in this process. */
export const fullLive = BatchLive.pipe(
  Layer.provideMerge(
    JobTypes.layer(Effect.all([ready(timed)])).pipe(Layer.provideMerge(Begun.layer))
  ),
  Layer.provideMerge(Postgres.layer),
  Layer.provide(
    Layer.mergeAll(
      runner(29_432),
      AccessConfig.layerOf(keys),
      ServicesConfig.layerOf({
        ...keys,
        analyticsApiUrl: "http://127.0.0.1:1",
        dataIngestionUrl: "http://127.0.0.1:1",
        mlInferenceUrl: "http://127.0.0.1:1"
      })
    )
  ),
  Layer.provideMerge(postgres)
)

/** The routes of jobs on a port of their own, until the scope closes. */
export const listening = <R, E>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Jobs | JobTypes, E>
) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      new Elysia().use(jsonBody()).use(jobsRoutes(runtime)).listen(PORT)
    ),
    (app) => Effect.promise(() => app.stop())
  )

/** `POST /v1/jobs`; ends when the answer says that the job is kept. */
export const submit = (name: string) =>
  Effect.promise(async () => {
    const answer = await fetch(`http://127.0.0.1:${PORT}/v1/jobs`, {
      method: "POST",
      headers: { authorization: `Bearer ${adminKey}` },
      body: JSON.stringify({ type: "timed", payload: { name } })
    })
    await answer.text()
    if (answer.status !== 202) throw new Error(`answered ${answer.status}`)
  })
