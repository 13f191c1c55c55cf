import { describe, expect, it } from "bun:test"
import { fileURLToPath } from "node:url"
import { Glob } from "bun"

const root = fileURLToPath(new URL("..", import.meta.url))
const exact = /^(npm:(@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/
const groups = ["dependencies", "devDependencies", "overrides"] as const

interface Manifest {
  readonly name: string
  readonly packageManager?: string
  readonly workspaces?: { readonly catalog: Readonly<Record<string, string>> }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly overrides?: Readonly<Record<string, string>>
}

const manifestAt = (path: string): Promise<Manifest> => Bun.file(root + path).json()

const entries = (manifest: Manifest): ReadonlyArray<readonly [string, string]> =>
  groups.flatMap((group) => Object.entries(manifest[group] ?? {}))

describe("versions", () => {
  it("are exact, and each package of the workspace takes them from one place", async () => {
    const paths = [...new Glob("*/*/package.json").scanSync(root)].concat(
      "tests/package.json",
      "bench/package.json"
    )
    const loose: Array<string> = []
    for (const path of paths.filter((it) => !it.includes("node_modules")))
      for (const [name, version] of entries(await manifestAt(path)))
        if (version !== "catalog:" && version !== "workspace:*")
          loose.push(`${path}: ${name} ${version}`)
    expect(loose).toEqual([])
  })

  it("of that place are exact", async () => {
    const manifest = await manifestAt("package.json")
    const all = [
      ...entries(manifest),
      ...Object.entries(manifest.workspaces?.catalog ?? {})
    ]
    expect(all.filter(([, version]) => !exact.test(version))).toEqual([])
    expect(manifest.packageManager).toMatch(/^bun@\d+\.\d+\.\d+$/)
  })
})
