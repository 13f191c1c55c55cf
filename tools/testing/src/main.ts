import { spawn } from "node:child_process"
import { availableParallelism } from "node:os"
import { ensureTemplate } from "@analytics/testing/TestPostgres"
import {
  startClickHouse,
  startCluster,
  startPostgres
} from "@analytics/testing/TestServers"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"

/**
 * Files at once. A test waits for its stores and processes more than it computes; each file
 * has databases of its own, but all share two servers, so more than four gain nothing.
 */
const lanes = Math.min(4, Math.max(2, availableParallelism()))

/**
 * `bun run test [paths…] [bun flags]`: one Postgres and one ClickHouse for the whole run,
 * then `bun test` with the given arguments. Both servers stop however the run ends.
 */
const program = Effect.gen(function* () {
  const [postgres, clickhouse] = yield* Effect.all([startPostgres, eventStore], {
    concurrency: 2
  })
  yield* ensureTemplate(postgres)
  return yield* bunTest(process.argv.slice(2), {
    TEST_DATABASE_URL: postgres,
    TEST_CLICKHOUSE_URL: clickhouse.url,
    TEST_CLICKHOUSE_CLUSTER: clickhouse.cluster
  })
})

/** One node, or with TEST_SHARDS=n a cluster of n shards, which every test then uses. */
const eventStore = Effect.gen(function* () {
  const shards = Number(process.env["TEST_SHARDS"] ?? 1)
  if (shards > 1) return yield* startCluster(shards)
  return { url: yield* startClickHouse, cluster: "" }
})

/** Milliseconds of a test that names none: a machine that does much else at once is slow. */
const PATIENCE = 60_000

const patiently = (args: ReadonlyArray<string>): ReadonlyArray<string> =>
  args.some((arg) => arg.startsWith("--timeout"))
    ? args
    : [`--timeout=${PATIENCE}`, ...args]

const inLanes = (args: ReadonlyArray<string>): ReadonlyArray<string> =>
  args.some((arg) => arg.startsWith("--parallel"))
    ? args
    : [`--parallel=${lanes}`, "--no-isolate", ...args]

/** Answers the exit code. Interrupting asks the tests to stop, and kills them after 5 s. */
const bunTest = (args: ReadonlyArray<string>, variables: Record<string, string>) =>
  Effect.callback<number>((resume) => {
    const child = spawn(process.execPath, ["test", ...patiently(inLanes(args))], {
      stdio: "inherit",
      env: { ...process.env, NODE_ENV: "test", ...variables }
    })
    child.on("error", (error) => resume(Effect.die(error)))
    child.on("close", (code) => resume(Effect.succeed(code ?? 1)))
    return Effect.callback<void>((stopped) => {
      child.on("close", () => stopped(Effect.void))
      if (!child.kill("SIGTERM")) stopped(Effect.void)
    }).pipe(
      Effect.timeoutOrElse({
        duration: "5 seconds",
        orElse: () => Effect.sync(() => child.kill("SIGKILL"))
      })
    )
  })

if (import.meta.main) {
  Effect.scoped(program).pipe(
    Effect.tap((code) =>
      Effect.sync(() => {
        process.exitCode = code
      })
    ),
    NodeRuntime.runMain
  )
}
