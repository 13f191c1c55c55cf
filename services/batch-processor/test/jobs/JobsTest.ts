import { Auth } from "@analytics/api-common/access/Auth"
import { KeyLookup, type PublishedKey } from "@analytics/api-common/access/KeyLookup"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { hashKey } from "@analytics/api-common/BearerKey"
import { Health } from "@analytics/api-common/Health"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { AccessConfig } from "@analytics/config/AccessConfig"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Layer, Logger, type ManagedRuntime, Option, Redacted } from "effect"
import { Elysia } from "elysia"
import { DispatchRepo } from "../../src/jobs/DispatchRepo.ts"
import { JobEvents } from "../../src/jobs/JobEvents.ts"
import { jobEventsRoutes } from "../../src/jobs/JobEventsRoutes.ts"
import { JobRepo } from "../../src/jobs/JobRepo.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { jobsRoutes } from "../../src/jobs/JobsRoutes.ts"
import { JobTypes } from "../../src/jobs/JobTypes.ts"
import { RunRepo } from "../../src/jobs/RunRepo.ts"
import { adminKey, serviceKey } from "../RunnerProcess.ts"
import { testTypes } from "../testTypes.ts"

const key = (
  projectId: number,
  scopes: ReadonlyArray<string>,
  kind: "secret" | "write" = "secret"
): PublishedKey => ({
  keyId: `key-of-${projectId}`,
  projectId,
  kind,
  scopes,
  expiresAt: null,
  revokedAt: null,
  projectDeletedAt: null
})

/** Keys by their text. `sk_7` is of project 7, and so on. */
const keys: Readonly<Record<string, PublishedKey>> = {
  sk_7: key(7, ["jobs", "query"]),
  sk_8: key(8, ["jobs"]),
  sk_reads: key(7, ["query"]),
  sk_neither: key(7, ["keys"]),
  wk_7: key(7, [], "write")
}

/** analytics-api does not answer for this one. */
const unanswered = "sk_unanswered"

const byHash = new Map(
  Object.entries(keys).map(([text, it]) => [hashKey(Redacted.make(text)), it])
)
const KeysTest = Layer.succeed(
  KeyLookup,
  KeyLookup.of({
    byHash: (hash) =>
      hash === hashKey(Redacted.make(unanswered))
        ? Effect.fail(new KeysUnavailable({}))
        : Effect.succeed(Option.fromUndefinedOr(byHash.get(hash)))
  })
)

/** All but the engine, over a Postgres of its own. */
export const JobsTest = Layer.mergeAll(
  JobEvents.layer.pipe(Layer.provideMerge(Jobs.layer)),
  Auth.layer.pipe(Layer.provide(KeysTest)),
  Health.layer({}),
  RunRepo.layer,
  DispatchRepo.layer
).pipe(
  Layer.provideMerge(JobRepo.layer),
  Layer.provideMerge(JobTypes.layer(testTypes)),
  Layer.provide(
    AccessConfig.layerOf({
      adminKey: Redacted.make(adminKey),
      serviceKey: Redacted.make(serviceKey)
    })
  ),
  Layer.provideMerge(TestPostgres.client),
  Layer.provideMerge(Logger.layer([]))
)

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks at in an answer
  readonly body: any
}

/** Asks the routes of jobs, as the holder of a key. */
export const asking = (
  runtime: ManagedRuntime.ManagedRuntime<Layer.Success<typeof JobsTest>, unknown>
) => {
  const app = new Elysia()
    .use(jsonBody())
    .use(jobsRoutes(runtime))
    .use(jobEventsRoutes(runtime))
  return async (
    bearer: string | undefined,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {}
  ): Promise<Answer> => {
    const response = await app.handle(
      new Request(`http://localhost${path}`, {
        method,
        headers: {
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
          ...headers
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
    )
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text.startsWith("{") ? JSON.parse(text) : text
    }
  }
}
