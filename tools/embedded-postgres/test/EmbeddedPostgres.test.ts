import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { existsSync } from "node:fs"
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as DirectConnection from "@analytics/database/DirectConnection"
import { Effect, Redacted, type Scope } from "effect"
import { accountFor, asAccount } from "../src/Account.ts"
import * as EmbeddedPostgres from "../src/EmbeddedPostgres.ts"

const scoped = <A, E>(program: Effect.Effect<A, E, Scope.Scope>) =>
  Effect.runPromise(Effect.scoped(program))

const query = (url: string, sql: string) =>
  Effect.scoped(
    Effect.flatMap(DirectConnection.make({ url: Redacted.make(url) }), (connection) =>
      connection.query(sql)
    )
  )

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`)

const timeout = 60_000

/** One cluster for all tests, because making one takes longest; below a private folder. */
let folder = ""
let dataDir = ""

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "analytics-embedded-"))
  await chmod(folder, 0o700)
  dataDir = join(folder, "deep", "data")
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe("EmbeddedPostgres", () => {
  it(
    "keeps its data over restarts, waits for disks by default, and stops with its scope",
    () =>
      scoped(
        Effect.gen(function* () {
          const first = yield* Effect.scoped(
            Effect.gen(function* () {
              const server = yield* EmbeddedPostgres.start({ dataDir })
              expect(yield* query(server.url, "SHOW fsync")).toEqual([{ fsync: "on" }])
              yield* query(server.url, "CREATE TABLE kept AS SELECT 7 AS x")
              return server
            })
          )
          expect(isAlive(first.pid)).toBe(false)
          const second = yield* EmbeddedPostgres.start({ dataDir })
          expect(yield* query(second.url, "SELECT x FROM kept")).toEqual([{ x: 7 }])
        })
      ),
    timeout
  )

  it(
    "starts again at once after kill -9, on the same port",
    () =>
      scoped(
        Effect.gen(function* () {
          const first = yield* EmbeddedPostgres.start({ dataDir })
          yield* query(first.url, "CREATE TABLE crash AS SELECT 7 AS x")
          process.kill(first.pid, "SIGKILL")
          expect(yield* first.exited).toEqual({ code: null, signal: "SIGKILL" })
          const second = yield* EmbeddedPostgres.start({ dataDir, port: first.port })
          expect(yield* query(second.url, "SELECT x FROM crash")).toEqual([{ x: 7 }])
        })
      ),
    timeout
  )

  it(
    "is not kept from starting by a stranger with the old process number",
    () =>
      scoped(
        Effect.gen(function* () {
          const account = yield* accountFor(dataDir)
          // Of the server's own user: Postgres knows that it is not another user's.
          const [program = "", ...rest] = asAccount(account, ["sleep", "60"])
          const stranger = yield* Effect.acquireRelease(
            Effect.sync(() => Bun.spawn([program, ...rest])),
            (child) =>
              Effect.promise(() => {
                child.kill()
                return child.exited
              })
          )
          const lock = `${stranger.pid}\n${dataDir}\n1\n5432\n\n*\n 0 0\nready\n`
          yield* Effect.promise(() => writeFile(join(dataDir, "postmaster.pid"), lock))
          const server = yield* EmbeddedPostgres.start({ dataDir, durable: false })
          expect(isAlive(server.pid)).toBe(true)
        })
      ),
    timeout
  )

  it(
    "starts over when its initialisation was cut off, and asks for its password",
    () =>
      scoped(
        Effect.gen(function* () {
          const fresh = join(folder, "fresh")
          yield* Effect.promise(() => writeFile(`${fresh}.initialising`, "half"))
          const server = yield* EmbeddedPostgres.start({
            dataDir: fresh,
            durable: false,
            password: "p@ss/w:rd"
          })
          expect(existsSync(`${fresh}.initialising`)).toBe(false)
          expect(yield* query(server.url, "SELECT 1 AS x")).toEqual([{ x: 1 }])
          const wrong = new URL(server.url)
          wrong.password = "other"
          const refused = yield* Effect.flip(query(wrong.href, "SELECT 1"))
          expect(refused.reason._tag).toBe("AuthenticationError")
        })
      ),
    timeout
  )

  it(
    "says why it cannot start",
    () =>
      scoped(
        Effect.gen(function* () {
          const error = yield* Effect.flip(
            EmbeddedPostgres.start({
              dataDir,
              durable: false,
              settings: { no_such: "1" }
            })
          )
          expect(error.message).toContain(
            'unrecognized configuration parameter "no_such"'
          )
        })
      ),
    timeout
  )

  it(
    "dies with a parent that was killed",
    () =>
      scoped(
        Effect.gen(function* () {
          const script = `
            import { start } from ${JSON.stringify(fileURLToPath(new URL("../src/EmbeddedPostgres.ts", import.meta.url)))}
            import { Effect } from "effect"
            Effect.runFork(Effect.scoped(Effect.gen(function* () {
              const server = yield* start({ dataDir: ${JSON.stringify(dataDir)}, durable: false })
              process.stdout.write(String(server.pid))
              return yield* Effect.never
            })))`
          const parent = Bun.spawn([process.execPath, "-e", script], {
            cwd: fileURLToPath(new URL("..", import.meta.url)),
            stdout: "pipe",
            stderr: "inherit"
          })
          const reader = parent.stdout.getReader()
          const first = yield* Effect.promise(() => reader.read())
          const pid = Number(new TextDecoder().decode(first.value))
          expect(isAlive(pid)).toBe(true)
          parent.kill("SIGKILL")
          yield* Effect.sync(() => isAlive(pid)).pipe(
            Effect.tap(Effect.sleep("20 millis")),
            Effect.repeat({ while: (alive) => alive }),
            Effect.timeout("10 seconds")
          )
        })
      ),
    timeout
  )

  it("finds programs below a folder that only root may enter", () =>
    scoped(
      Effect.gen(function* () {
        const program = join(folder, "program")
        yield* Effect.promise(() => writeFile(program, "", { mode: 0o755 }))
        const account = yield* accountFor(dataDir)
        // As initdb looks for its neighbours: with access(2), which asks the real user.
        const [command = "", ...rest] = asAccount(account, ["test", "-x", program])
        expect(Bun.spawnSync([command, ...rest]).exitCode).toBe(0)
      })
    ))

  it(
    "as root, runs as another user and below a folder that only root may enter",
    () =>
      scoped(
        Effect.gen(function* () {
          const dataDir = join(folder, "data")
          const server = yield* EmbeddedPostgres.start({ dataDir, durable: false })
          const owner = yield* Effect.promise(() => stat(dataDir))
          const status = yield* Effect.promise(() =>
            readFile(`/proc/${server.pid}/status`, "utf8")
          )
          const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1])
          expect(uid).not.toBe(0)
          expect(uid).toBe(owner.uid)
        })
      ),
    timeout
  )
})
