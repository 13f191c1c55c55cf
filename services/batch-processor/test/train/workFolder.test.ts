import { expect, it } from "bun:test"
import { exists, mkdtemp, rm, utimes } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { workFolder } from "../../src/types/train/workFolder.ts"

it("removes what was left by the same job, or long ago by any, and itself", async () => {
  const job = crypto.randomUUID()
  const folderOf = (id: string) => mkdtemp(join(tmpdir(), `analytics-job-${id}-`))
  const left = await folderOf(job)
  const old = await folderOf(crypto.randomUUID())
  const running = await folderOf(crypto.randomUUID())
  const longAgo = new Date(Date.now() - 25 * 3_600_000)
  await utimes(old, longAgo, longAgo)
  const own = await Effect.runPromise(
    workFolder(job).pipe(
      Effect.tap((folder) =>
        Effect.promise(async () => expect(await exists(folder)).toBeTrue())
      ),
      Effect.scoped
    )
  )
  const there = await Promise.all([left, old, running, own].map((it) => exists(it)))
  await rm(running, { recursive: true })
  expect(there).toEqual([false, false, true, false])
})
