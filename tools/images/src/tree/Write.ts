import {
  chmodSync,
  copyFileSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync
} from "node:fs"
import { dirname, join, relative } from "node:path"

/** Copies files to the same places below `out`; modes say only whether it is executable. */
export const copyFiles = (
  root: string,
  paths: Iterable<string>,
  out: string
): { readonly files: number; readonly bytes: number } => {
  let files = 0
  let bytes = 0
  for (const path of [...paths].sort()) {
    const target = join(out, relative(root, path))
    mkdirSync(dirname(target), { recursive: true })
    copyFileSync(path, target)
    const { mode, size } = statSync(path)
    chmodSync(target, (mode & 0o111) === 0 ? 0o644 : 0o755)
    files++
    bytes += size
  }
  return { files, bytes }
}

/** The runtime of C++, by which packages' native code is linked. Bun brings its own. */
const runtime = ["libgcc_s.so.1", "libstdc++.so.6"]

/** Copies the runtime of C++ to the same place below `out`: the smallest bases lack it. */
export const copyRuntime = (libraries: string, out: string): void => {
  const target = join(out, libraries)
  mkdirSync(target, { recursive: true })
  for (const name of runtime) {
    // What a link leads to, by the name that is looked for.
    copyFileSync(realpathSync(join(libraries, name)), join(target, name))
    chmodSync(join(target, name), 0o644)
  }
}

/** Copies the links of all node_modules below `root` that lead to one of `packages`. */
export const copyLinks = (
  root: string,
  packages: ReadonlySet<string>,
  out: string
): void => {
  const visit = (folder: string, isModules: boolean): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isSymbolicLink() && isModules) link(path)
      else if (!entry.isDirectory() || entry.name === ".bin") continue
      else if (entry.name === "node_modules") visit(path, true)
      // Scopes, and the store with a folder for each package; not what lies in packages.
      else if (isModules && !/^[@.]/.test(entry.name) && isPackage(path)) continue
      else visit(path, isModules && entry.name.startsWith("@"))
    }
  }
  const link = (path: string): void => {
    if (!packages.has(realTarget(path))) return
    const target = join(out, relative(root, path))
    mkdirSync(dirname(target), { recursive: true })
    symlinkSync(readlinkSync(path), target)
  }
  visit(root, false)
}

const isPackage = (folder: string): boolean =>
  readdirSync(folder).includes("package.json")

const realTarget = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return ""
  }
}

/** Gives everything below `folder` the same times, in seconds since 1970. */
export const setTimes = (folder: string, epoch: number): void => {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (lstatSync(path).isDirectory()) setTimes(path, epoch)
    lutimesSync(path, epoch, epoch)
  }
}
