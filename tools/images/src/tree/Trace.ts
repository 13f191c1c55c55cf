import { existsSync, readFileSync, realpathSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, extname, join, sep } from "node:path"

/** What a program consists of. Paths are real and absolute. */
export interface Traced {
  /** Loaded, or may be, when the program runs. */
  readonly loaded: ReadonlySet<string>
  /** Named by a workspace file without being imported: fonts, scripts for browsers. */
  readonly named: ReadonlySet<string>
  /** Folders named like that. */
  readonly folders: ReadonlySet<string>
}

const transpilers = new Map(
  (["ts", "tsx", "js"] as const).map((loader) => [
    loader,
    new Bun.Transpiler({ loader, target: "bun" })
  ])
)

const loaderOf = (path: string): "ts" | "tsx" | "js" | undefined => {
  const extension = extname(path)
  if (extension === ".tsx" || extension === ".jsx") return "tsx"
  if (/^\.[cm]?ts$/.test(extension)) return "ts"
  return /^\.[cm]?js$/.test(extension) ? "js" : undefined
}

/** The workspace's own files, as opposed to installed ones. */
export const isOwn = (path: string): boolean =>
  !path.includes(`${sep}node_modules${sep}`)

/**
 * Follows what the files import and require, as Bun resolves it when it runs them. What
 * cannot be resolved is an optional package that is not installed.
 *
 * A module that is named by a variable is not seen, so a package that is reached at all
 * has to be kept as a whole.
 */
export const trace = (entries: ReadonlyArray<string>): Traced => {
  const loaded = new Set<string>()
  const named = new Set<string>()
  const folders = new Set<string>()
  const open = entries.map((path) => realpathSync(path))
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (loaded.has(path)) continue
    loaded.add(path)
    const loader = loaderOf(path)
    if (loader === undefined) continue
    const text = readFileSync(path, "utf8")
    for (const { kind, path: specifier } of importsOf(loader, text)) {
      const found = resolved(specifier, path, kind)
      if (found !== undefined) open.push(found)
    }
    if (!isOwn(path)) continue
    for (const found of mentions(text, path))
      if (statSync(found).isDirectory()) folders.add(found)
      else if (isOwn(found)) open.push(found)
      else named.add(found)
  }
  return { loaded, named, folders }
}

const importsOf = (loader: "ts" | "tsx" | "js", text: string) => {
  // An executable's first line is no JavaScript.
  const source = text.startsWith("#!") ? `//${text}` : text
  return transpilers.get(loader)?.scanImports(source) ?? []
}

const resolved = (
  specifier: string,
  from: string,
  kind?: Bun.ImportKind
): string | undefined => {
  try {
    const path = kind?.startsWith("require")
      ? createRequire(from).resolve(specifier)
      : Bun.resolveSync(specifier, dirname(from))
    // Bun's own modules, and those of Node, have no path.
    return path.startsWith(sep) ? realpathSync(path) : undefined
  } catch {
    return undefined
  }
}

const besideThis = /new URL\(\s*"(\.[^"]*)",\s*import\.meta\.url\s*\)/g
const besidePackage =
  /new URL\(\s*"(\.[^"]*)",\s*import\.meta\.resolve\(\s*"([^"]+)"\s*\)\s*\)/g
const packagePath = /"(@[\w.-]+\/[\w.-]+(?:\/[\w./-]+)?|[\w-]+\/[\w./-]+)"/g

/** Files and folders that a file names in literals. */
const mentions = (text: string, from: string): Array<string> => {
  const found = new Set<string>()
  for (const [, path = ""] of text.matchAll(besideThis))
    found.add(join(dirname(from), path))
  for (const [, path = "", of = ""] of text.matchAll(besidePackage)) {
    const base = resolved(of, from)
    if (base !== undefined) found.add(join(dirname(base), path))
  }
  for (const [, specifier = ""] of text.matchAll(packagePath)) {
    const path = resolved(specifier, from)
    if (path !== undefined) found.add(path)
  }
  return [...found].filter((path) => existsSync(path))
}
