import { type ChildProcess, spawn } from "node:child_process"
import { resolve } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Deferred, Effect, Schedule, Schema, type Scope } from "effect"

/** The embedded server could not be started or kept; `message` says what to do. */
export class EmbeddedClickHouseError extends Schema.TaggedError<EmbeddedClickHouseError>()(
  "EmbeddedClickHouseError",
  { reason: Schema.String, cause: Schema.optional(Schema.Defect()) }
) {
  override get message() {
    return this.reason
  }
}

export interface Options {
  /** Created when it does not exist. One process at a time may have it open. */
  readonly dataDir: string
  /** Default: any free port. */
  readonly port?: number
  /** When given, every request but /ping must carry it, for the user `default`. */
  readonly password?: string
  /** Bytes the engine may use. Default: half the machine's, at most 4 GiB. */
  readonly maxMemory?: number
  /** Where BACKUP and RESTORE may write and read. Default: nowhere. */
  readonly backups?: string
  /** `false` trades durability for speed: only for data that may be thrown away. */
  readonly durable?: boolean
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
  /** With credentials, without a database: `http://default:password@127.0.0.1:8123`. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Resolves when the server process ends, for whatever reason. */
  readonly exited: Effect.Effect<ExitStatus>
}

const Listening = Schema.fromJsonString(
  Schema.Struct({ event: Schema.Literal("listening"), port: Schema.Number })
)
const Failed = Schema.fromJsonString(
  Schema.Struct({ event: Schema.Literal("failed"), message: Schema.String })
)

const program = fileURLToPath(new URL("./main.ts", import.meta.url))

/**
 * Starts ClickHouse on 127.0.0.1 over `dataDir` as a process of its own, and stops it
 * when the scope closes. The directory may be reused after any end, `kill -9` included.
 */
export const start: (
  options: Options
) => Effect.Effect<Running, EmbeddedClickHouseError, Scope.Scope> = Effect.fn(
  "EmbeddedClickHouse.start"
)(function* (options: Options) {
  const exited = yield* Deferred.make<ExitStatus>()
  const listening = yield* Deferred.make<number>()
  const recent: Array<string> = []
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const spawned = launch(options)
      if (spawned.pid !== undefined) options.onSpawn?.(spawned.pid)
      spawned.on("error", (error) => recent.push(String(error)))
      spawned.on("close", (code, signal) =>
        Deferred.doneUnsafe(exited, Effect.succeed({ code, signal }))
      )
      for (const output of [spawned.stdout, spawned.stderr]) {
        if (output === null) continue
        createInterface({ input: output }).on("line", (line) => {
          recent.push(line)
          if (recent.length > 20) recent.shift()
          options.onLog?.(line)
          const port = listeningPort(line)
          if (port !== undefined) Deferred.doneUnsafe(listening, Effect.succeed(port))
        })
      }
      return spawned
    }),
    (spawned) => stop(spawned, Deferred.await(exited))
  )
  const port = yield* Deferred.await(listening).pipe(
    Effect.raceFirst(
      Effect.flatMap(Deferred.await(exited), () => Effect.fail(notStarted(recent)))
    ),
    Effect.timeoutOrElse({
      // Loading many parts takes a while; an answer never coming must end.
      duration: "2 minutes",
      orElse: () => Effect.fail(notStarted([...recent, "it took too long"]))
    })
  )
  yield* ping(port)
  const user = options.password
    ? `default:${encodeURIComponent(options.password)}@`
    : ""
  return {
    url: `http://${user}127.0.0.1:${port}`,
    port,
    pid: child.pid ?? 0,
    exited: Deferred.await(exited)
  }
})

const launch = (options: Options): ChildProcess =>
  spawn(
    process.execPath,
    [
      program,
      `--path=${resolve(options.dataDir)}`,
      `--port=${options.port ?? 0}`,
      ...(options.maxMemory ? [`--max-memory=${options.maxMemory}`] : []),
      ...(options.backups ? [`--backups=${resolve(options.backups)}`] : []),
      ...(options.durable === false ? ["--fsync=off"] : [])
    ],
    {
      stdio: ["ignore", "pipe", "pipe"],
      // Its own session: Ctrl-C reaches the parent, which stops its parts in order.
      detached: true,
      env: {
        ...process.env,
        EMBEDDED_CLICKHOUSE_PARENT: String(process.pid),
        ...(options.password
          ? { EMBEDDED_CLICKHOUSE_PASSWORD: options.password }
          : { EMBEDDED_CLICKHOUSE_PASSWORD: undefined })
      }
    }
  )

const listeningPort = (line: string): number | undefined => {
  const parsed = Schema.decodeUnknownOption(Listening)(line)
  return parsed._tag === "Some" ? parsed.value.port : undefined
}

const notStarted = (recent: ReadonlyArray<string>): EmbeddedClickHouseError => {
  const said = recent
    .map((line) => Schema.decodeUnknownOption(Failed)(line))
    .find((parsed) => parsed._tag === "Some")
  return new EmbeddedClickHouseError({
    reason: `ClickHouse did not start: ${said?._tag === "Some" ? said.value.message : recent.join("\n")}`
  })
}

const ping = (port: number) =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(`http://127.0.0.1:${port}/ping`, { signal })
      if (!response.ok) throw new Error(`/ping answered ${response.status}`)
    },
    catch: (cause) =>
      new EmbeddedClickHouseError({ reason: "ClickHouse does not answer", cause })
  }).pipe(
    Effect.timeoutOrElse({
      duration: "5 seconds",
      orElse: () =>
        Effect.fail(new EmbeddedClickHouseError({ reason: "ClickHouse is silent" }))
    }),
    Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 20 })
  )

/** Drains, then the kernel's way. */
const stop = (child: ChildProcess, exited: Effect.Effect<ExitStatus>) =>
  Effect.gen(function* () {
    for (const [signal, grace] of [
      ["SIGTERM", "15 seconds"],
      ["SIGKILL", "5 seconds"]
    ] as const) {
      if (child.pid === undefined || !child.kill(signal)) return
      const status = yield* Effect.timeoutOption(exited, grace)
      if (status._tag === "Some") return
    }
  })
