import { mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Fault } from "./Fault.ts"
import type { Page } from "./Page.ts"
import { root } from "./repositoryPages.ts"
import { optedOut } from "./Sample.ts"
import { shellSteps } from "./steps.ts"

const run = async (command: ReadonlyArray<string>, input = "") => {
  const child = Bun.spawn([...command], {
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
    timeout: 60_000
  })
  const [code, out, err] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text()
  ])
  return { code, said: out + err }
}

/** Samples of shell that no shell can read; one shell reads all, and stops at the first. */
export const checkShell = async (
  pages: ReadonlyArray<Page>
): Promise<ReadonlyArray<Fault>> => {
  const steps = pages.flatMap((page) =>
    shellSteps(page).map((step) => ({ path: page.path, ...step }))
  )
  const whole = steps.map(({ script }) => `{\n${script}\n}\n`).join("")
  if ((await run(["bash", "-n"], whole)).code === 0) return []
  const judged = await Promise.all(
    steps.map(async ({ line, path, script }) => {
      const { code, said } = await run(["bash", "-n"], script)
      return code === 0 ? [] : [{ path, line, reason: said.trim() }]
    })
  )
  return judged.flat()
}

const options = {
  extends: join(root, "tsconfig.json"),
  compilerOptions: { noUnusedLocals: false, lib: ["ESNext", "DOM"], types: [] },
  include: ["*.ts"]
}

/**
 * Samples of TypeScript that do not compile against the packages of tools/docs. They are
 * written below its node_modules, where these are found.
 */
export const checkTypes = async (
  pages: ReadonlyArray<Page>
): Promise<ReadonlyArray<Fault>> => {
  const folder = join(root, `tools/docs/node_modules/.samples-${process.pid}`)
  const samples = pages.flatMap(({ path, samples }) =>
    samples
      .filter((sample) => sample.language === "ts" && optedOut(sample) === undefined)
      .map((sample) => ({ path, ...sample }))
  )
  if (samples.length === 0) return []
  await mkdir(folder, { recursive: true })
  try {
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(options))
    await Promise.all(
      samples.map(({ text }, at) => writeFile(join(folder, `${at}.ts`), text))
    )
    const { said } = await run([
      process.execPath,
      join(root, "node_modules/.bin/tsc"),
      "--noEmit",
      "--pretty",
      "false",
      "-p",
      folder
    ])
    return [...said.matchAll(/(\d+)\.ts\((\d+),\d+\): error (.*)/g)].map(
      ([, at = "", line = "", reason = ""]) => {
        const sample = samples[Number(at)]
        return {
          path: sample?.path ?? "",
          line: (sample?.line ?? 0) + Number(line),
          reason
        }
      }
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
