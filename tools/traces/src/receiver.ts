import { gunzipSync } from "node:zlib"
import { Effect } from "effect"
import { readJson } from "./readJson.ts"
import { readProtobuf } from "./readProtobuf.ts"
import type { Span } from "./Span.ts"
import type { TraceStore } from "./TraceStore.ts"

/** Bytes of one request, before and after it is unpacked. */
const MOST_BYTES = 16 * 1024 * 1024

export interface Listening {
  readonly host?: string
  /** 0: any that is free. */
  readonly port: number
}

/**
 * An OTLP/HTTP receiver: traces in protobuf or JSON, gzipped or not, into the store;
 * metrics and logs are taken and let go. `GET /traces/{id}` shows what came of a trace.
 */
export const receiver = (store: TraceStore, { host, port }: Listening) =>
  Effect.acquireRelease(
    Effect.try({
      try: () =>
        Bun.serve({
          hostname: host ?? "127.0.0.1",
          port,
          maxRequestBodySize: MOST_BYTES,
          fetch: (request) => answer(store, request)
        }),
      catch: (error) =>
        new Error(
          `Cannot listen on port ${port} (${error}); name another one with --port.`
        )
    }),
    (server) => Effect.promise(() => server.stop(true))
  )

const answer = async (store: TraceStore, request: Request): Promise<Response> => {
  const { pathname } = new URL(request.url)
  if (request.method === "GET" && pathname.startsWith("/traces/")) {
    const found = store.find(pathname.slice("/traces/".length))
    return found === undefined
      ? new Response("No such trace.", { status: 404 })
      : new Response(JSON.stringify(found, shown), {
          headers: { "content-type": "application/json" }
        })
  }
  if (request.method !== "POST") return new Response(null, { status: 404 })
  const isJson = (request.headers.get("content-type") ?? "").includes("json")
  if (pathname === "/v1/traces") {
    const spans = await read(request, isJson).catch(() => undefined)
    if (spans === undefined) return new Response("Not OTLP.", { status: 400 })
    store.add(spans)
  } else if (pathname !== "/v1/metrics" && pathname !== "/v1/logs")
    return new Response(null, { status: 404 })
  // An empty message says that everything was taken.
  return new Response(isJson ? "{}" : new Uint8Array(), {
    headers: { "content-type": isJson ? "application/json" : "application/x-protobuf" }
  })
}

const read = async (
  request: Request,
  isJson: boolean
): Promise<ReadonlyArray<Span>> => {
  const sent = new Uint8Array(await request.arrayBuffer())
  const bytes =
    sent[0] === 0x1f && sent[1] === 0x8b
      ? gunzipSync(sent, { maxOutputLength: MOST_BYTES })
      : sent
  return isJson
    ? Effect.runPromise(readJson(new TextDecoder().decode(bytes)))
    : readProtobuf(bytes)
}

const shown = (_: string, value: unknown): unknown =>
  typeof value === "bigint" ? String(value) : value
