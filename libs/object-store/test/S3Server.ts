import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"

export const BUCKET = "analytics-test"
/** The key pair that the server knows. */
export const KEY = "S3RVER"

/** An S3-compatible server that checks signatures, in a process of its own. */
export const s3Server = Effect.gen(function* () {
  const directory = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "analytics-s3-"))),
    (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
  )
  const server = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Bun.spawn([process.execPath, join(import.meta.dir, "s3ServerProcess.ts")], {
        env: { ...process.env, S3_DIRECTORY: directory, S3_BUCKET: BUCKET },
        stdout: "pipe",
        stderr: "inherit"
      })
    ),
    (it) =>
      Effect.promise(() => {
        it.kill("SIGKILL")
        return it.exited
      })
  )
  const reader = server.stdout.getReader()
  const { value } = yield* Effect.promise(() => reader.read())
  return { endpoint: new TextDecoder().decode(value).trim(), directory }
})
