import { mkdtemp, readdir, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { JobUnavailable } from "../../jobs/JobType.ts"

const PREFIX = "analytics-job-"
const prefixOf = (jobId: string) => `${PREFIX}${jobId}-`

/** No job takes so long, in milliseconds: what is older is of a runner that was killed. */
const OLD = 24 * 3_600_000

/**
 * A folder of this attempt of a job, away with its scope. What an attempt left that was
 * killed is removed first: it holds rows of people.
 */
export const workFolder = Effect.fnUntraced(function* (jobId: string) {
  yield* forgetFolders(jobId)
  return yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => mkdtemp(join(tmpdir(), prefixOf(jobId))),
      catch: noRoom
    }),
    (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
  )
})

/**
 * Removes what attempts of a job left behind on this machine, and what is so old that it
 * belongs to no attempt: its job may have gone on elsewhere.
 */
export const forgetFolders = (jobId: string): Effect.Effect<void, JobUnavailable> =>
  Effect.tryPromise({
    try: async () => {
      const prefix = prefixOf(jobId)
      for (const name of await readdir(tmpdir()))
        if (name.startsWith(prefix) || (await isOld(name)))
          await rm(join(tmpdir(), name), { recursive: true, force: true })
    },
    catch: noRoom
  })

const isOld = async (name: string): Promise<boolean> => {
  if (!name.startsWith(PREFIX)) return false
  const found = await stat(join(tmpdir(), name)).catch(() => undefined)
  return found !== undefined && found.mtimeMs < Date.now() - OLD
}

/** What writing a file may fail of: it passes when there is room again. */
export const noRoom = (cause: unknown): JobUnavailable =>
  new JobUnavailable({
    what: "The folder for temporary files",
    detail: `It cannot be written${cause instanceof Error && "code" in cause ? ` (${cause.code})` : ""}. Make room in it, or set TMPDIR.`
  })
