import { mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Fault } from "./Fault.ts"
import type { Page } from "./Page.ts"
import { root } from "./repositoryPages.ts"
import { optedOut } from "./Sample.ts"
import type { Stack } from "./Stack.ts"

/** Runs the TypeScript of a page, but what is marked as `ts fragment`. */
export const runPrograms = async (
  page: Page,
  stack: Stack
): Promise<ReadonlyArray<Fault>> => {
  const programs = page.samples.filter(
    (sample) =>
      sample.language === "ts" &&
      optedOut(sample) === undefined &&
      !sample.words.has("fragment")
  )
  if (programs.length === 0) return []
  const folder = join(root, `tools/docs/node_modules/.programs-${process.pid}`)
  await mkdir(folder, { recursive: true })
  const faults: Array<Fault> = []
  try {
    for (const { line, text } of programs) {
      const file = join(folder, `${page.path.replaceAll("/", "_")}-${line}.ts`)
      await writeFile(file, stack.localized(text))
      const child = Bun.spawn([process.execPath, file], {
        env: { ...process.env, STACK_DATA: stack.data },
        stdin: "ignore",
        stdout: "ignore",
        stderr: "pipe",
        timeout: 60_000
      })
      const errors = await new Response(child.stderr).text()
      if ((await child.exited) !== 0)
        faults.push({ path: page.path, line, reason: `it failed: ${errors.trim()}` })
    }
    return faults
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
