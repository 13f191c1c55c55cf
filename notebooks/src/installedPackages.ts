import { fileURLToPath } from "node:url"
import type { Plugin } from "vite"

/** The address that Notebook Kit gives to a package, in JavaScript and in style sheets. */
const remote =
  /https:\/\/(?:cdn\.jsdelivr\.net\/npm|esm\.sh\/jsr)\/((?:@[\w.-]+\/)?[\w.-]+)(?:@[\w.^~-]+)?([^"'`)\s]*)/gu

const scheme = "installed:"

/** What an import of a package names: its own files, not `/+esm`, which is its entry. */
const fileOf = (name: string, path: string): string =>
  `${name}${path.replace(/\/\+esm$/u, "")}`

/** The text of a module in which every package is one that is installed. */
export const withInstalledPackages = (code: string): string =>
  code.replace(
    remote,
    (_, name: string, path: string) => `${scheme}${fileOf(name, path)}`
  )

/** Style sheets import files: Vite asks no plugin about theirs. */
const withInstalledFiles = (css: string): string =>
  css.replace(remote, (_, name: string, path: string) =>
    fileURLToPath(import.meta.resolve(fileOf(name, path)))
  )

/** Which packages a text of Notebook Kit's asks for. */
export const packagesIn = (code: string): ReadonlyArray<string> =>
  Array.from(code.matchAll(remote), ([, name = "", path = ""]) => fileOf(name, path))

/** Whether `notebooks/package.json` lists the package of this name or file. */
export const isInstalled = (name: string): boolean => {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    return false
  }
}

/**
 * Notebook Kit imports Plot, Inputs and all other libraries from a CDN as the page runs. Here
 * they are the installed packages, so that a notebook works without a network and shows the
 * same tomorrow; what is not installed fails in the cell that uses it, with the remedy.
 */
export const installedPackages = (root: string): Plugin => ({
  name: "installed-packages",
  enforce: "pre",
  async resolveId(source) {
    if (!source.startsWith(scheme)) return
    const name = source.slice(scheme.length)
    if (!isInstalled(name)) return `\0missing:${name}`
    return this.resolve(name, `${root}/index.html`, { skipSelf: true })
  },
  load(id) {
    if (!id.startsWith("\0missing:")) return
    const name = id.slice("\0missing:".length)
    const message = `${name} is not installed. Add it to notebooks/package.json and run make install: notebooks load nothing from the network.`
    return `throw new Error(${JSON.stringify(message)})`
  },
  transform(code, id) {
    const isStyle = /\.css(?:$|\?)/u.test(id)
    const changed = isStyle ? withInstalledFiles(code) : withInstalledPackages(code)
    return changed === code ? undefined : { code: changed, map: null }
  }
})
