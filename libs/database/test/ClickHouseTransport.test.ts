import { describe, expect, it } from "bun:test"
import { createServer, type Socket } from "node:net"
import { join } from "node:path"
import * as EmbeddedClickHouse from "@analytics/embedded-clickhouse/EmbeddedClickHouse"
import { temporaryFolder } from "@analytics/testing/TestServers"
import { Duration, Effect, Exit, Fiber, Redacted, Scope, Stream } from "effect"
import { make } from "../src/ClickHouse.ts"

const scoped = <A, E>(program: Effect.Effect<A, E, Scope.Scope>) =>
  Effect.runPromise(Effect.scoped(program))

const clientOf = (url: string, cluster = "") =>
  make({
    url: Redacted.make(url),
    cluster,
    requestTimeout: Duration.seconds(10),
    poolSize: 4
  })

/** A server that answers each request as told; `seen` are the heads and bodies it got. */
const fake = Effect.fnUntraced(function* (
  answer: (socket: Socket, request: number, text: string) => void
) {
  const seen: Array<string> = []
  const server = yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const created = createServer((socket) => {
        socket.on("error", () => socket.destroy())
        socket.on("data", (bytes) => {
          const text = decodeURIComponent(bytes.toString().replaceAll("+", " "))
          if (!/^(GET|POST) /.test(text)) return
          seen.push(text)
          answer(socket, seen.length, text)
        })
      }).listen(0, "127.0.0.1", () => resume(Effect.succeed(created)))
    }),
    (open) => Effect.sync(() => open.close())
  )
  const address = server.address()
  const port = typeof address === "object" ? address?.port : 0
  return { url: `http://127.0.0.1:${port}/x`, seen }
})

const one = '{"one":1}\n'
const respond = (socket: Socket) =>
  socket.write(
    `HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Length: ${one.length}\r\n\r\n${one}`
  )

const eventually = (condition: () => boolean) =>
  Effect.sync(condition).pipe(
    Effect.tap(Effect.sleep("10 millis")),
    Effect.repeat({ until: (met) => met }),
    Effect.timeout("5 seconds")
  )

describe("a connection that breaks before the answer", () => {
  it("costs a read nothing", () =>
    scoped(
      Effect.gen(function* () {
        const server = yield* fake((socket, request) =>
          request === 1 ? socket.destroy() : respond(socket)
        )
        const clickhouse = yield* clientOf(server.url)
        expect(yield* clickhouse.query("SELECT 1 AS one")).toEqual([{ one: 1 }])
        expect(server.seen.length).toBe(2)
      })
    ))

  it("is an error of an insert and of a command, which are sent once", () =>
    scoped(
      Effect.gen(function* () {
        const server = yield* fake((socket) => socket.destroy())
        const clickhouse = yield* clientOf(server.url)
        const insert = clickhouse.insert({
          table: "t",
          body: "{}\n",
          format: "JSONEachRow"
        })
        expect(yield* Effect.flip(insert)).toMatchObject({ kind: "transient" })
        expect(server.seen.length).toBe(1)
        expect(yield* Effect.flip(clickhouse.command("DROP TABLE t"))).toMatchObject({
          kind: "transient"
        })
        expect(server.seen.length).toBe(2)
      })
    ))

  it("is an error of what is asked once", () =>
    scoped(
      Effect.gen(function* () {
        const server = yield* fake((socket) => socket.destroy())
        const clickhouse = yield* clientOf(server.url)
        const asked = clickhouse.query("CREATE TABLE t ON CLUSTER c", { once: true })
        expect(yield* Effect.flip(asked)).toMatchObject({ kind: "transient" })
        expect(server.seen.length).toBe(1)
      })
    ))

  it("fails a read whose second try breaks too", () =>
    scoped(
      Effect.gen(function* () {
        const server = yield* fake((socket) => socket.destroy())
        const clickhouse = yield* clientOf(server.url)
        expect(yield* Effect.flip(clickhouse.query("SELECT 1"))).toMatchObject({
          kind: "transient"
        })
        expect(server.seen.length).toBe(2)
      })
    ))
})

/** Takes in no KILL, and runs nothing. */
const busy = fake((socket, _, text) => {
  const body = text.includes("KILL")
    ? "Code: 159. DB::Exception: Distributed DDL task is not finished. (TIMEOUT_EXCEEDED)"
    : ""
  const status = body === "" ? "200 OK" : "500 Error"
  socket.write(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
})

describe("a replica that lags", () => {
  const lagging = fake((socket, request) => {
    if (request > 1) return respond(socket)
    const body = "Code: 289. DB::Exception: Behind. (REPLICA_IS_NOT_IN_QUORUM)"
    socket.write(`HTTP/1.1 500 Error\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  })

  it("is asked again for rows, and for a stream before there is anything of it", () =>
    scoped(
      Effect.gen(function* () {
        const [first, second] = [yield* lagging, yield* lagging]
        const clickhouse = yield* clientOf(first.url, "shards")
        expect(yield* clickhouse.query("SELECT 1 AS one")).toEqual([{ one: 1 }])
        const streaming = yield* clientOf(second.url, "shards")
        const sent = streaming.stream("SELECT 1 AS one", { format: "JSONEachRow" })
        const chunks = yield* Stream.runCollect(sent)
        expect(Buffer.concat(chunks).toString()).toBe(one)
      })
    ))
})

describe("who waits until a query has ended", () => {
  it("asks nodes of a cluster that take in no KILL now", () =>
    scoped(
      Effect.gen(function* () {
        const server = yield* busy
        yield* (yield* clientOf(server.url, "shards")).killAndWait("mine")
        expect(server.seen.at(-1)).toContain(
          "clusterAllReplicas(`shards`, system.processes)"
        )
      })
    ))

  it("does not go on where one node refuses to end it", () =>
    scoped(
      Effect.gen(function* () {
        const server = yield* busy
        const ended = (yield* clientOf(server.url)).killAndWait("mine")
        expect(yield* Effect.flip(ended)).toMatchObject({ kind: "timeout", code: 159 })
      })
    ))
})

describe("every request", () => {
  it("carries its id twice, and is killed by it when it is interrupted", () =>
    scoped(
      Effect.gen(function* () {
        const server = yield* fake(() => {})
        const clickhouse = yield* clientOf(server.url)
        const fiber = yield* Effect.forkChild(
          clickhouse.query("SELECT 1", { queryId: "mine" })
        )
        yield* eventually(() => server.seen.length === 1)
        expect(server.seen[0]).toContain("query_id=mine")
        expect(server.seen[0]).toContain("log_comment=mine")
        yield* Fiber.interrupt(fiber)
        yield* eventually(() => server.seen.length === 2)
        expect(server.seen[1]).toContain("KILL QUERY")
        expect(server.seen[1]).toContain("param_id=mine")
      })
    ))
})

describe("a restarted server", () => {
  it(
    "costs a read nothing and an insert an honest error",
    () =>
      scoped(
        Effect.gen(function* () {
          const dataDir = join(yield* temporaryFolder, "clickhouse")
          const first = yield* Scope.make()
          const before = yield* EmbeddedClickHouse.start({
            dataDir,
            durable: false
          }).pipe(Scope.provide(first))
          const clickhouse = yield* clientOf(`${before.url}/default`)
          const query = clickhouse.query("SELECT 1 AS one")
          yield* Effect.all([query, query, query, query], { concurrency: 4 })
          process.kill(before.pid, "SIGKILL")
          yield* before.exited
          const insert = clickhouse.insert({
            table: "t",
            body: "{}",
            format: "JSONEachRow"
          })
          expect(yield* Effect.flip(insert)).toMatchObject({ kind: "transient" })
          yield* EmbeddedClickHouse.start({
            dataDir,
            port: before.port,
            durable: false
          })
          for (let round = 0; round < 6; round++)
            expect(yield* query).toEqual([{ one: 1 }])
          yield* Scope.close(first, Exit.void)
        })
      ),
    60_000
  )
})
