import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import previous from "../../migrations/previous-release.json"
import { here } from "../rolling/Replica.ts"

const run = async (command: ReadonlyArray<string>, cwd: string) => {
  const child = Bun.spawn([...command], { cwd, stdout: "pipe", stderr: "pipe" })
  const [code, out, err] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text()
  ])
  if (code !== 0) throw new Error(`${command.join(" ")}: ${code}\n${out}${err}`)
  return out.trim()
}

/** Its newest migration, by store: what a downgrade goes back to. */
export const newestBefore = Object.keys(previous.migrations)
  .map((file) => /(\d+)_/.exec(file)?.[1] ?? "")
  .toSorted()
  .at(-1)

/** The release before as a folder of its own, with its packages. */
export const previousCheckout = async () => {
  const root = await mkdtemp(join(tmpdir(), "analytics-previous-"))
  // By its commit: a clone may lack tags.
  await run(["git", "archive", "-o", join(root, "it.tar"), previous.commit], here)
  await run(["tar", "-xf", "it.tar"], root)
  await run([process.execPath, "install", "--frozen-lockfile"], root)
  return { root, remove: () => rm(root, { recursive: true, force: true }) }
}
