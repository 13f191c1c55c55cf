import { existsSync } from "node:fs"
import { readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"

/** Whether initdb finished here. */
export const hasCluster = (dataDir: string) =>
  Effect.sync(() => existsSync(join(dataDir, "PG_VERSION")))

/**
 * Removes `postmaster.pid` when the process it names is gone or is another program.
 * Postgres sees the first case itself, but after a reboot or in a new container the
 * number may belong to a stranger, and then it refuses to start.
 */
export const removeStaleLock = (dataDir: string) =>
  Effect.promise(async () => {
    const lock = join(dataDir, "postmaster.pid")
    const text = await readFile(lock, "utf8").catch(() => undefined)
    if (text === undefined) return
    const pid = Number(text.split("\n")[0])
    if (!(await isPostgres(pid))) await rm(lock, { force: true })
  })

/** True in doubt: a lock too many is reported by Postgres, one too few corrupts data. */
async function isPostgres(pid: number): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0) return false
  if (!existsSync("/proc/self/stat")) return true
  const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => undefined)
  return name?.includes("postgres") ?? false
}
