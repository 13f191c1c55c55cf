import { mkdir, readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import manifest from "../package.json" with { type: "json" }
import { buildScript } from "./buildScript.ts"

const sources = join(import.meta.dir, "../src/client")
const root = join(import.meta.dir, "../../..")

/** What a registry is given: one module, its types, and the script for pages. */
export const buildPackage = async (out: string): Promise<void> => {
  await rm(out, { recursive: true, force: true })
  await mkdir(out, { recursive: true })
  const { success } = await Bun.build({
    entrypoints: [join(sources, "createClient.ts")],
    target: "browser",
    format: "esm",
    naming: "index.js",
    outdir: out
  })
  if (!success) throw new Error("the client cannot be built")
  await writeTypes(join(out, "types"))
  await Bun.write(join(out, "t.js"), await buildScript())
  await Bun.write(join(out, "README.md"), Bun.file(join(root, "docs/tracker.md")))
  const { name, type, version } = manifest
  const exports = { ".": { types: "./types/createClient.d.ts", default: "./index.js" } }
  await Bun.write(
    join(out, "package.json"),
    JSON.stringify({ name, version, type, sideEffects: false, exports }, null, 2)
  )
}

const writeTypes = async (out: string): Promise<void> => {
  const child = Bun.spawn(
    [
      ...[process.execPath, "x", "tsc", "--ignoreConfig", "--declaration"],
      ...[
        "--emitDeclarationOnly",
        "--strict",
        "--target",
        "esnext",
        "--module",
        "nodenext"
      ],
      ...["--allowImportingTsExtensions", "--types", "bun-types", "--skipLibCheck"],
      ...["--outDir", out, "--rootDir", sources, join(sources, "createClient.ts")]
    ],
    { cwd: root, stdin: "ignore", stdout: "pipe", stderr: "inherit", timeout: 120_000 }
  )
  const said = await new Response(child.stdout).text()
  if ((await child.exited) !== 0) throw new Error(`no types: ${said}`)
  // Declarations name each other as their sources do, which nobody has there.
  for (const name of await readdir(out)) {
    const path = join(out, name)
    const text = await Bun.file(path).text()
    await Bun.write(path, text.replace(/(from "\.\/\w+)\.ts"/g, '$1.js"'))
  }
}
