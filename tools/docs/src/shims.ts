import { chmod, mkdir, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { root } from "./repositoryPages.ts"

/** What `curl` below adds to the errors of a step for each of its requests. */
export const requestMark = "@@request"

// Says which status each request got, since curl calls every answer a success.
const curl = (real: string) => `#!/bin/sh
exec ${real} -w '%{stderr}\\n${requestMark} %{http_code} %{method} %{url_effective}\\n' "$@"
`

// What \`bun run cli\` is, but where the sample stands, so that its files stay there.
const bun = `#!/bin/sh
if [ "$1" = run ] && [ "$2" = cli ]; then
  shift 2
  exec ${process.execPath} ${join(root, "tools/cli/src/main.ts")} "$@"
fi
exec ${process.execPath} "$@"
`

const jq = `#!/bin/sh
exec ${process.execPath} ${join(root, "tools/docs/src/jq.ts")} "$@"
`

/** Programs that stand before others in the PATH of samples: a folder of them. */
export const makeShims = async (folder: string): Promise<void> => {
  const realCurl = Bun.which("curl")
  if (realCurl === null)
    throw new Error("The samples need curl, which is not on this machine")
  await mkdir(folder, { recursive: true })
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text)
    await chmod(join(folder, name), 0o755)
  }
  await write("curl", curl(realCurl))
  await write("bun", bun)
  if (Bun.which("jq") === null) await write("jq", jq)
  if (Bun.which("node") === null) await symlink(process.execPath, join(folder, "node"))
}

/** A folder that looks like the root of the repository, for samples that write files. */
export const makeWorkplace = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true })
  for (const name of new Bun.Glob("*").scanSync({ cwd: root, onlyFiles: false }))
    await symlink(join(root, name), join(folder, name))
}
