import { existsSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { installedFiles, ownFiles, packageOf } from "./Keep.ts"
import { trace } from "./Trace.ts"
import { copyFiles, copyLinks, copyRuntime, setTimes } from "./Write.ts"

/**
 * Lays out the files of one service for its image: `packages` and `sources`, two layers,
 * the first of which seldom changes, and `state`, where it may write.
 *
 * Runs while an image is built, when nothing but the service's own packages is installed.
 */
const layOut = (
  root: string,
  entry: string,
  libraries: string,
  out: string,
  epoch: number
): void => {
  const service = packageOf(join(root, readlinkSync(join(root, entry))))
  const traced = trace(sourcesOf(join(service, "src")))
  const installed = installedFiles(traced)
  const own = ownFiles(traced)
  const manifests = ["package.json", "tsconfig.json"].map((name) => join(root, name))
  const packages = new Set([...installed, ...own].map(packageOf))
  const layers = {
    packages: copyFiles(root, installed, join(out, "packages/app")),
    sources: copyFiles(root, [...own, ...manifests], join(out, "sources/app"))
  }
  copyLinks(root, packages, join(out, "packages/app"))
  if ([...installed].some((path) => path.endsWith(".node")))
    copyRuntime(libraries, join(out, "packages"))
  symlinkSync(readlinkSync(join(root, entry)), join(out, "sources/app", entry))
  mkdirSync(join(out, "state/analytics"), { recursive: true, mode: 0o755 })
  setTimes(out, epoch)
  for (const [name, { bytes, files }] of Object.entries(layers))
    process.stdout.write(
      `${name}: ${files} files, ${(bytes / 1_000_000).toFixed(1)} MB\n`
    )
}

const sourcesOf = (folder: string): Array<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => join(folder, path))

if (import.meta.main) {
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64"
  const { values } = parseArgs({
    options: {
      libraries: { type: "string", default: `/usr/lib/${machine}-linux-gnu` },
      root: { type: "string", default: process.cwd() },
      entry: { type: "string", default: "main.ts" },
      out: { type: "string", default: "/out" },
      epoch: { type: "string", default: "0" }
    }
  })
  if (existsSync(values.out)) throw new Error(`${values.out} is there already.`)
  layOut(values.root, values.entry, values.libraries, values.out, Number(values.epoch))
}
