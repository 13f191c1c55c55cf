import { cp, lstat, mkdir, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { run } from "./Command.ts"
import { ImagesFailed } from "./ImagesFailed.ts"

/**
 * Copies what Git knows or would add, as it lies in the working tree, so that all images are
 * of one state though somebody goes on editing.
 */
export const copySources = Effect.fn("Sources.copy")(function* (
  root: string,
  folder: string
) {
  const listed = yield* run(
    ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { cwd: root }
  )
  yield* Effect.tryPromise({
    try: async () => {
      await rm(folder, { recursive: true, force: true })
      for (const path of listed.split("\0").filter((name) => name !== "")) {
        const from = join(root, path)
        // Removed, and not yet so in Git.
        if ((await lstat(from).catch(() => undefined)) === undefined) continue
        const to = join(folder, path)
        await mkdir(dirname(to), { recursive: true })
        await cp(from, to, { verbatimSymlinks: true })
      }
    },
    catch: (error) =>
      new ImagesFailed({ message: `The sources are not copied: ${error}` })
  })
  return folder
})
