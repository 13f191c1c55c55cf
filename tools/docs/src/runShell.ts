import { spawn } from "node:child_process"
import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Fault } from "./Fault.ts"
import { matchesOutput } from "./matchOutput.ts"
import type { Page } from "./Page.ts"
import type { Stack } from "./Stack.ts"
import { requestMark } from "./shims.ts"
import { type ShellStep, shellSteps } from "./steps.ts"

/** Where samples are run. */
export interface Workplace {
  readonly stack: Stack
  /** The folder that samples take for the root. */
  readonly folder: string
  /** Programs before all others. */
  readonly shims: string
}

/** A page may take so long, in milliseconds. */
const longest = 300_000

const readIfAny = (path: string) => readFile(path, "utf8").catch(() => "")

/** Runs a step in the shell of its page; `N.done` is there once it succeeded. */
const driver = (steps: ReadonlyArray<ShellStep>, folder: string) =>
  [
    "set -e",
    ...steps.map(({ fails }, at) => {
      const file = join(folder, String(at))
      const step = `. ${file}.sh >${file}.out 2>${file}.err`
      return `${fails ? `if ${step}; then exit 1; fi` : step}\n: >${file}.done`
    })
  ].join("\n")

const requests = new RegExp(`^${requestMark} (\\d+) (.*)$`, "gm")

const judge = async (
  step: ShellStep,
  file: string,
  stack: Stack
): Promise<string | undefined> => {
  const [out, err, done] = await Promise.all([
    readIfAny(`${file}.out`),
    readIfAny(`${file}.err`),
    Bun.file(`${file}.done`).exists()
  ])
  const errors = err.replace(requests, "").trim()
  const said = stack.published(step.fails ? `${out}\n${errors}` : out)
  const refused = [...err.matchAll(requests)].find(
    ([, status]) => Number(status) >= 400 && !step.refusals.has(Number(status))
  )
  if (refused !== undefined) return `${refused[1]} ${refused[2]}: ${said.trim()}`
  if (!done) return `it failed or took too long: ${errors}\n${said.trim()}`.trim()
  return step.shown === undefined || matchesOutput(step.shown, said)
    ? undefined
    : `it printed\n${said.trim()}\nand not\n${step.shown.trim()}\n${errors}`
}

/** Runs a shell; whatever it left running ends with it, or when the time is up. */
const shell = (script: string, cwd: string, env: Record<string, string>) =>
  new Promise<void>((resolve, reject) => {
    const child = spawn("bash", ["-c", script], {
      cwd,
      env: { ...process.env, ...env },
      stdio: "ignore",
      detached: true
    })
    const end = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL")
      } catch {
        // Nothing of it is left.
      }
    }
    const late = setTimeout(end, longest)
    child.on("error", reject)
    child.on("exit", () => {
      clearTimeout(late)
      end()
      resolve()
    })
  })

/** Runs what a page does with the shell, to its first fault. */
export const runShell = async (
  page: Page,
  { folder, shims, stack }: Workplace
): Promise<ReadonlyArray<Fault>> => {
  const steps = shellSteps(page)
  if (steps.length === 0) return []
  const notes = join(folder, ".run", page.path.replaceAll("/", "_"))
  await rm(notes, { recursive: true, force: true })
  await mkdir(notes, { recursive: true })
  await Promise.all(
    steps.map(({ script }, at) =>
      writeFile(join(notes, `${at}.sh`), stack.localized(`${script}\n`))
    )
  )
  await shell(driver(steps, notes), folder, {
    STACK_DATA: stack.data,
    PATH: `${shims}:${process.env["PATH"]}`,
    NO_COLOR: "1",
    TZ: "UTC"
  })
  for (const [at, step] of steps.entries()) {
    const reason = await judge(step, join(notes, String(at)), stack)
    if (reason !== undefined) return [{ path: page.path, line: step.line, reason }]
  }
  return []
}
