import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import { Effect, Redacted, Schedule } from "effect"

export const adminKey = "admin-key-of-this-test"
export const serviceKey = "service-key-of-this-test"

const entry = fileURLToPath(new URL("./runner.ts", import.meta.url))

const freePort = () => {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response()
  })
  const { port } = server
  return server.stop(true).then(() => String(port))
}

/** A folder for objects, removed with the scope. */
const objects = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "analytics-objects-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

export interface RunnerProcess {
  readonly url: string
  readonly child: Bun.Subprocess
  /** What it has written so far. */
  readonly log: () => string
}

/** A runner as a process of its own, with the types of tests; killed with its scope. */
export const startRunner = Effect.fn("startRunner")(function* (
  over: Record<string, string | undefined> = {}
) {
  const { url: postgres } = yield* PostgresConfig
  const port = yield* Effect.promise(freePort)
  const env = {
    PATH: process.env["PATH"],
    NODE_ENV: "test",
    PORT: port,
    BATCH_RUNNER_PORT: yield* Effect.promise(freePort),
    DATABASE_URL: Redacted.value(postgres),
    ADMIN_KEY: adminKey,
    SERVICE_KEY: serviceKey,
    HTTP_DRAIN_TIMEOUT: "1 second",
    OBJECT_STORE_URL: yield* objects,
    LOG_LEVEL: "Info",
    ...over
  }
  let written = ""
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Bun.spawn([process.execPath, entry], { env, stdout: "pipe", stderr: "pipe" })
    ),
    (self) =>
      Effect.promise(() => {
        self.kill("SIGKILL")
        return self.exited
      })
  )
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder()
    for await (const chunk of stream) written += decoder.decode(chunk, { stream: true })
  }
  void read(child.stdout)
  void read(child.stderr)
  const url = `http://127.0.0.1:${port}`
  yield* Effect.tryPromise(() => fetch(`${url}/readyz`)).pipe(
    Effect.filterOrFail(({ status }) => status === 200),
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("45 seconds"),
    Effect.tapError(() => Effect.sync(() => process.stderr.write(written)))
  )
  return { url, child, log: () => written } satisfies RunnerProcess
})

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks at in an answer
  readonly body: any
}

/** A request with the admin key, unless another is given. */
export const call = (
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {}
): Effect.Effect<Answer> =>
  Effect.promise(async () => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000)
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? undefined : JSON.parse(text)
    }
  })

/** Asks until a job is as hoped for. */
export const jobUntil = (
  url: string,
  id: string,
  isGood: (job: Answer["body"]) => boolean,
  timeout = 30_000
) => {
  let last: unknown
  return call(url, "GET", `/v1/jobs/${id}`).pipe(
    Effect.map(({ body }) => {
      last = body
      return body
    }),
    Effect.filterOrFail(isGood),
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout(timeout),
    Effect.tapError(() =>
      Effect.sync(() => process.stderr.write(`never: ${JSON.stringify(last)}\n`))
    )
  )
}
