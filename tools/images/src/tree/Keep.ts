import { existsSync, readFileSync } from "node:fs"
import { basename, dirname, join, relative, sep } from "node:path"
import { isOwn, type Traced } from "./Trace.ts"

/** What of installed packages no program loads. */
const superfluous =
  /\.(?:map|tsbuildinfo|flow|markdown|md|mkd|[cm]?ts|tsx)$|(?:^|\/)(?:tests?|__tests__|docs?|examples?|benchmarks?|coverage|\.github)\//i

/** Files for other machines in packages that bring all of them. */
const foreign = (path: string): boolean => {
  const match = /(?:^|\/)(darwin|linux|win32)\/(arm64|x64)\//.exec(path)
  return match !== null && (match[1] !== process.platform || match[2] !== process.arch)
}

/** The folder of the nearest package.json that has a name. */
export const packageOf = (path: string): string => {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (hasName(join(folder, "package.json"))) return folder
    if (folder === dirname(folder)) throw new Error(`${path} belongs to no package.`)
  }
}

const names = new Map<string, boolean>()

const hasName = (manifest: string): boolean => {
  const known = names.get(manifest)
  if (known !== undefined) return known
  const has =
    existsSync(manifest) &&
    typeof JSON.parse(readFileSync(manifest, "utf8")).name === "string" &&
    // Some packages name the folders of their parts; a package lies in node_modules.
    (isOwn(manifest) || isInstalled(dirname(manifest)))
  names.set(manifest, has)
  return has
}

const isInstalled = (folder: string): boolean => {
  const above = basename(dirname(folder))
  return (
    above === "node_modules" ||
    (above.startsWith("@") && basename(dirname(dirname(folder))) === "node_modules")
  )
}

const filesOf = (folder: string, pattern = "**/*"): Array<string> =>
  [...new Bun.Glob(pattern).scanSync({ cwd: folder, dot: true, onlyFiles: true })]
    .filter((path) => !path.split(sep).includes("node_modules"))
    .map((path) => join(folder, path))

/** Installed files to keep: packages of which something is loaded, without their ballast. */
export const installedFiles = ({ loaded, named }: Traced): Set<string> => {
  const kept = new Set<string>()
  const packages = new Set([...loaded].filter((path) => !isOwn(path)).map(packageOf))
  for (const folder of packages)
    for (const path of filesOf(folder)) {
      const inside = relative(folder, path)
      if (loaded.has(path) || !(superfluous.test(inside) || foreign(inside)))
        kept.add(path)
    }
  for (const path of named) kept.add(path).add(join(packageOf(path), "package.json"))
  return kept
}

/** The workspace's files to keep: what is loaded, and what lies beside it and is no code. */
export const ownFiles = ({ loaded, folders }: Traced): Set<string> => {
  const own = [...loaded].filter(isOwn)
  const kept = new Set(own)
  for (const folder of new Set(own.map(packageOf))) {
    kept.add(join(folder, "package.json"))
    for (const path of filesOf(folder, "src/**/*"))
      if (!/\.[cm]?[jt]sx?$/.test(path)) kept.add(path)
  }
  for (const folder of folders) for (const path of filesOf(folder)) kept.add(path)
  return kept
}
