import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createClient } from "@clickhouse/client"
import { Effect, Exit, Scope } from "effect"
import * as EmbeddedClickHouse from "../src/EmbeddedClickHouse.ts"

/** A server on a directory of its own for one test file. */
export const startServer = async (
  options: Partial<EmbeddedClickHouse.Options> = {}
) => {
  const directory = await mkdtemp(join(tmpdir(), "embedded-clickhouse-"))
  const scope = Effect.runSync(Scope.make())
  const running = await Effect.runPromise(
    Scope.provide(
      EmbeddedClickHouse.start({ dataDir: join(directory, "data"), ...options }),
      scope
    )
  )
  const client = createClient({
    url: running.url,
    log: { level: 127 },
    max_open_connections: 30
  })
  const origin = `http://127.0.0.1:${running.port}`

  /** A bare request: settings and parameters in the URL, the text as body. */
  const post = async (
    body: string | Uint8Array<ArrayBuffer> | ArrayBuffer | Blob | ReadableStream,
    parameters: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {}
  ) => {
    const response = await fetch(`${origin}/?${new URLSearchParams(parameters)}`, {
      method: "POST",
      body,
      headers
    })
    return {
      status: response.status,
      headers: response.headers,
      text: await response.text()
    }
  }
  return {
    ...running,
    client,
    origin,
    directory,
    post,
    command: (query: string) => client.command({ query }),
    rows: async <A>(query: string): Promise<Array<A>> =>
      (await client.query({ query, format: "JSONEachRow" })).json<A>(),
    stop: async () => {
      await client.close()
      await Effect.runPromise(Scope.close(scope, Exit.void))
      await rm(directory, { recursive: true, force: true })
    }
  }
}

export type TestServer = Awaited<ReturnType<typeof startServer>>

/** Polls until `found` answers something; fails after ten seconds. */
export const eventually = async <A>(
  found: () => Promise<A | undefined>
): Promise<A> => {
  const deadline = Date.now() + 10_000
  while (Date.now() < deadline) {
    const value = await found()
    if (value !== undefined) return value
    await Bun.sleep(10)
  }
  throw new Error("It did not happen within ten seconds")
}
