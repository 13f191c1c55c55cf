import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import {
  type InferenceClient,
  makeInferenceClient
} from "@analytics/inference-protocol/InferenceClient"
import { Effect, Redacted, Schedule } from "effect"

const entry = fileURLToPath(new URL("../../src/main.ts", import.meta.url))

const serviceKey = Redacted.make("service-key-of-this-test")
const projectId = 1

export interface ServiceProcess {
  readonly url: string
  readonly pid: number
  readonly client: InferenceClient
  /** Headers and query of who may do everything with the models of one project. */
  readonly authorization: string
  readonly query: string
  /** Uploads a model and makes it the champion of its name; ready when this ends. */
  push(name: string, file: Uint8Array): Effect.Effect<void>
  /** What a route answers, as JSON; whatever is not 2xx throws. */
  ask(method: string, path: string, body?: Bun.BodyInit): Promise<unknown>
  /** Its exit code, once it has ended. */
  readonly exited: Promise<number>
  /** Resident bytes of the service, without its executors. */
  readonly memory: Effect.Effect<number>
  /** What it has written so far. */
  readonly log: () => string
}

const freePort = async (): Promise<string> => {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response()
  })
  const { port } = server
  await server.stop(true)
  return String(port)
}

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "analytics-ml-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

/** ml-inference as it is deployed, over the Postgres of the test; ends with the scope. */
export const startService = Effect.fn("startService")(function* (
  over: Record<string, string> = {}
) {
  const { url: postgres } = yield* PostgresConfig
  const port = yield* Effect.promise(freePort)
  const root = yield* folder
  let written = ""
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Bun.spawn([process.execPath, entry], {
        env: {
          PATH: process.env["PATH"],
          NODE_ENV: "test",
          PORT: port,
          DATABASE_URL: Redacted.value(postgres),
          ADMIN_KEY: "admin-key-of-this-test",
          SERVICE_KEY: Redacted.value(serviceKey),
          OBJECT_STORE_URL: join(root, "objects"),
          ML_CACHE_DIR: join(root, "cache"),
          HTTP_DRAIN_TIMEOUT: "1 second",
          // Nobody is there: the keys of the installation need nobody.
          ANALYTICS_API_URL: "http://127.0.0.1:9",
          ...over
        },
        stdout: "pipe",
        stderr: "pipe"
      })
    ),
    (self) =>
      Effect.promise(() => {
        self.kill("SIGTERM")
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
  yield* Effect.tryPromise(() => fetch(`${url}/v2/health/ready`)).pipe(
    Effect.filterOrFail(({ status }) => status === 200),
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("45 seconds"),
    Effect.tapError(() => Effect.sync(() => process.stderr.write(written)))
  )
  const authorization = `Bearer ${Redacted.value(serviceKey)}`
  const query = `?projectId=${projectId}`

  const ask = async (method: string, path: string, body?: Bun.BodyInit) => {
    const response = await fetch(`${url}${path}${query}`, {
      method,
      headers: { authorization },
      ...(body === undefined ? {} : { body })
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
    return text === "" ? undefined : JSON.parse(text)
  }

  const push = async (name: string, file: Uint8Array): Promise<void> => {
    const { sha256 } = await ask("PUT", "/v1/artifacts", file)
    const versions = `/v1/models/${name}/versions`
    const { version } = await ask(
      "POST",
      versions,
      JSON.stringify({ artifact: sha256 })
    )
    const alias = `/v1/models/${name}/aliases/champion`
    await ask("PUT", alias, JSON.stringify({ version }))
  }

  return {
    url,
    pid: child.pid,
    authorization,
    query,
    client: makeInferenceClient({ url, key: serviceKey, projectId }),
    ask,
    exited: child.exited,
    push: (name, file) => Effect.promise(() => push(name, file)),
    memory: Effect.promise(async () => {
      const status = await Bun.file(`/proc/${child.pid}/status`).text()
      return Number(/VmRSS:\s+(\d+) kB/u.exec(status)?.[1]) * 1024
    }),
    log: () => written
  } satisfies ServiceProcess
})
