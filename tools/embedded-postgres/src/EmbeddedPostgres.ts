import { type ChildProcess, spawn } from "node:child_process"
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { createInterface } from "node:readline"
import { Deferred, Effect, Schedule, type Scope } from "effect"
import { type Account, accountFor, asAccount, own, spawnIdentity } from "./Account.ts"
import { binaries } from "./Binaries.ts"
import { hasCluster, removeStaleLock } from "./DataDirectory.ts"
import { EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"

export interface Options {
  /** Created, and initialised as a cluster, when it is not one yet. */
  readonly dataDir: string
  /** Default: any free port. */
  readonly port?: number
  /** The superuser's password, set when the cluster is initialised. Default `postgres`. */
  readonly password?: string
  /** `false` trades durability for speed: only for data that may be thrown away. */
  readonly durable?: boolean
  /** Server settings by name. */
  readonly settings?: Readonly<Record<string, string>>
  readonly onLog?: (line: string) => void
  /** Told the server's process id as soon as there is one, before the server is ready. */
  readonly onSpawn?: (pid: number) => void
}

/** How a server process ended. */
export interface ExitStatus {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Running {
  /** The `postgres` database, as superuser. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Resolves when the server process ends, for whatever reason. */
  readonly exited: Effect.Effect<ExitStatus>
}

/**
 * Starts Postgres on 127.0.0.1 over `dataDir`, and stops it when the scope closes.
 *
 * The directory may be reused after any end, `kill -9` included. Works as root and as a
 * normal user; needs no network.
 */
export const start: (
  options: Options
) => Effect.Effect<Running, EmbeddedPostgresError, Scope.Scope> = Effect.fn(
  "EmbeddedPostgres.start"
)(function* (options: Options) {
  const dataDir = resolve(options.dataDir)
  const programs = yield* binaries
  const account = yield* accountFor(dataDir)
  if (!(yield* hasCluster(dataDir))) {
    yield* initialise(programs.initdb, dataDir, account, options)
  }
  const port = options.port ?? (yield* freePort)
  const launch = Effect.gen(function* () {
    yield* removeStaleLock(dataDir)
    return yield* serve(
      asAccount(account, [
        programs.postgres,
        "-D",
        dataDir,
        ...settingsOf(options, port).flatMap(([name, value]) => [
          "-c",
          `${name}=${value}`
        ])
      ]),
      account,
      options
    )
  })
  // The children of a killed server hold its shared memory for a moment longer.
  const server = yield* Effect.retry(launch, {
    while: (error) => /shared memory block|is another postmaster/i.test(error.reason),
    schedule: Schedule.spaced("250 millis").pipe(
      Schedule.upTo({ duration: "15 seconds" })
    )
  })
  const password = encodeURIComponent(options.password ?? "postgres")
  return {
    ...server,
    port,
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  }
})

const settingsOf = (options: Options, port: number): Array<[string, string]> =>
  Object.entries({
    listen_addresses: "127.0.0.1",
    port: String(port),
    // A socket file would outlive a killed server.
    unix_socket_directories: "",
    ...(options.durable === false
      ? { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }
      : {}),
    ...options.settings
  })

/** Initialises beside the final place and renames, so that a half-made cluster is never used. */
const initialise = (
  initdb: string,
  dataDir: string,
  account: Account | undefined,
  options: Options
) =>
  Effect.tryPromise({
    try: async (signal) => {
      const draft = `${dataDir}.initialising`
      await mkdir(dirname(dataDir), { recursive: true })
      await rm(draft, { recursive: true, force: true })
      await mkdir(draft, { mode: 0o700 })
      await own(draft, account)
      const secrets = await mkdtemp(join(tmpdir(), "analytics-pw-"))
      try {
        const passwordFile = join(secrets, "password")
        await writeFile(passwordFile, `${options.password ?? "postgres"}\n`, {
          mode: 0o600
        })
        await own(secrets, account)
        await own(passwordFile, account)
        await run(
          asAccount(account, [
            initdb,
            `--pgdata=${draft}`,
            "--username=postgres",
            "--auth=scram-sha-256",
            `--pwfile=${passwordFile}`,
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            ...(options.durable === false ? ["--no-sync"] : [])
          ]),
          account,
          signal
        )
      } finally {
        await rm(secrets, { recursive: true, force: true })
      }
      await rm(dataDir, { recursive: true, force: true })
      await rename(draft, dataDir)
    },
    catch: (cause) =>
      new EmbeddedPostgresError({
        reason: `initdb failed in ${dataDir}: ${cause}`,
        cause
      })
  }).pipe(
    Effect.timeoutOrElse({
      duration: "2 minutes",
      orElse: () =>
        Effect.fail(new EmbeddedPostgresError({ reason: "initdb took too long" }))
    }),
    Effect.withSpan("EmbeddedPostgres.initialise")
  )

function run(
  command: ReadonlyArray<string>,
  account: Account | undefined,
  signal: AbortSignal
): Promise<void> {
  return new Promise((done, fail) => {
    const [program = "", ...rest] = command
    const child = spawn(program, rest, {
      stdio: ["ignore", "ignore", "pipe"],
      env: environment,
      signal,
      ...spawnIdentity(account)
    })
    let output = ""
    child.stderr.on("data", (chunk) => {
      output = `${output}${chunk}`.slice(-4000)
    })
    child.on("error", fail)
    child.on("close", (code) => (code === 0 ? done() : fail(new Error(output.trim()))))
  })
}

/** Readiness is read from the log, so its language is fixed. */
const environment = {
  PATH: process.env["PATH"] ?? "",
  LC_ALL: "C",
  LC_MESSAGES: "C",
  TZ: "UTC"
}

const serve = Effect.fnUntraced(function* (
  command: ReadonlyArray<string>,
  account: Account | undefined,
  { onLog, onSpawn }: Options
) {
  const exited = yield* Deferred.make<ExitStatus>()
  const ready = yield* Deferred.make<void>()
  const recent: Array<string> = []
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const [program = "", ...rest] = command
      const spawned = spawn(program, rest, {
        stdio: ["ignore", "ignore", "pipe"],
        env: environment,
        // Its own session: Ctrl-C reaches the parent, which stops its parts in order.
        detached: true,
        ...spawnIdentity(account)
      })
      if (spawned.pid !== undefined) onSpawn?.(spawned.pid)
      spawned.on("error", (error) => recent.push(String(error)))
      spawned.on("close", (code, signal) =>
        Deferred.doneUnsafe(exited, Effect.succeed({ code, signal }))
      )
      createInterface({ input: spawned.stderr }).on("line", (line) => {
        recent.push(line)
        if (recent.length > 20) recent.shift()
        onLog?.(line)
        if (line.includes("database system is ready to accept connections"))
          Deferred.doneUnsafe(ready, Effect.void)
      })
      return spawned
    }),
    (spawned) => stop(spawned, Deferred.await(exited))
  )
  yield* Deferred.await(ready).pipe(
    Effect.raceFirst(
      Effect.flatMap(Deferred.await(exited), () =>
        Effect.fail(
          new EmbeddedPostgresError({
            reason: `Postgres did not start: ${recent.join("\n")}`
          })
        )
      )
    ),
    Effect.timeoutOrElse({
      // Crash recovery of a large inbox takes a while; an answer never coming must end.
      duration: "5 minutes",
      orElse: () =>
        Effect.fail(
          new EmbeddedPostgresError({ reason: "Postgres did not become ready" })
        )
    })
  )
  return { pid: child.pid ?? 0, exited: Deferred.await(exited) }
})

/** Fast shutdown, then immediate, then the kernel's. */
const stop = (child: ChildProcess, exited: Effect.Effect<ExitStatus>) =>
  Effect.gen(function* () {
    for (const [signal, grace] of [
      ["SIGINT", "20 seconds"],
      ["SIGQUIT", "5 seconds"],
      ["SIGKILL", "5 seconds"]
    ] as const) {
      if (child.pid === undefined || !child.kill(signal)) return
      const status = yield* Effect.timeoutOption(exited, grace)
      if (status._tag === "Some") return
    }
  })

const freePort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})
