import { join } from "node:path"
import type { RunningStack } from "../e2e/RunningStack.ts"

const root = join(import.meta.dir, "../..")

/** Runs `cli import` against a stack and gives its report back. */
export const runImport = async (
  stack: Pick<RunningStack, "data">,
  writeKey: string,
  file: string,
  args: ReadonlyArray<string>
) => {
  const child = Bun.spawn(
    [
      "bun",
      "tools/cli/src/main.ts",
      "import",
      "--stack",
      join(stack.data, "stack.json"),
      "--write-key",
      writeKey,
      ...args,
      file
    ],
    { cwd: root, stdin: "ignore", stdout: "pipe", stderr: "pipe", timeout: 900_000 }
  )
  const [code, out, err] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text()
  ])
  const found = /(\d+) rows: (\d+) accepted, (\d+) rejected, (\d+) unreadable/.exec(out)
  if (code !== 0 || found === null)
    throw new Error(`import ended with ${code}: ${out}${err}`)
  const [rows = 0, accepted = 0, rejected = 0, unreadable = 0] = found
    .slice(1)
    .map(Number)
  return { rows, accepted, rejected, unreadable }
}
