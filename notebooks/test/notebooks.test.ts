import { beforeAll, describe, expect, it } from "bun:test"
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import {
  isInstalled,
  packagesIn,
  withInstalledPackages
} from "../src/installedPackages.ts"
import { root } from "../src/root.ts"
import { notebookFiles, type Read, readNotebook, readText } from "./readNotebook.ts"

const files = await notebookFiles()
const documentation = await readFile(join(root, "../docs/notebooks.md"), "utf8")
const sample = /```html\n(.*?)```/su.exec(documentation)?.[1] ?? ""

const kit = join(import.meta.resolve("@observablehq/notebook-kit"), "..").replace(
  /^file:/u,
  ""
)

/** What the runtime gives to every cell. */
const given = ["md", "display", "view", "invalidation", "dark", "width"]
/** Libraries of the runtime, by the module that brings them. */
const libraries = ["Plot", "Inputs", "d3", "html"]
/** Of the browser. */
const globals = new Set([
  ...Object.getOwnPropertyNames(globalThis),
  "window",
  "document",
  "location"
])

it("finds the notebooks", () => {
  expect(files.toSorted()).toEqual([
    "data-quality.html",
    "funnel.html",
    "index.html",
    "model-evaluation.html",
    "retention.html"
  ])
})

describe.each([...files, "the sample of docs/notebooks.md"])("%s", (name) => {
  let read: Read
  beforeAll(async () => {
    read = files.includes(name)
      ? await readNotebook(name)
      : await readText("sample.html", sample)
  })

  it("is read by the kit's parser, and every cell compiles", () => {
    const { cells, notebook, page } = read
    expect(page).toContain(`<title>${notebook.title}</title>`)
    expect(cells.length).toBeGreaterThan(0)
    for (const { body, id } of cells)
      expect([id, typeof new Function(`return (${body})`)]).toEqual([id, "function"])
  })

  it("has a cell for each name that a cell uses, and only one", () => {
    const { cells } = read
    const made = cells.flatMap(({ outputs = [] }) => outputs)
    expect(made.filter((it, at) => made.indexOf(it) !== at)).toEqual([])
    const known = new Set([...made, ...given, ...libraries])
    const unknown = cells
      .flatMap(({ inputs = [] }) => inputs)
      .filter((it) => !known.has(it) && !globals.has(it))
    expect(unknown).toEqual([])
  })

  it("imports what is there, and nothing from elsewhere", async () => {
    const { notebook, page } = read
    expect(packagesIn(page)).toEqual([])
    for (const { value } of notebook.cells)
      for (const [, names = "", source = ""] of value.matchAll(
        /^import \{([^}]*)\} from "([^"]+)"/gmu
      )) {
        expect(source).toStartWith("./lib/")
        const text = await readFile(join(root, source), "utf8")
        for (const it of names.split(",").map((one) => one.trim()))
          expect([source, it, text.includes(`export const ${it} `)]).toEqual([
            source,
            it,
            true
          ])
      }
  })
})

it.each([...files])("%s links to pages that exist", async (name) => {
  const text = await readFile(join(root, name), "utf8")
  const links = Array.from(
    text.matchAll(/(?:\]\(|href=")(\/[^)"#]+)/gu),
    ([, path = ""]) => path
  )
  expect(links.length).toBeGreaterThan(0)
  const base = (path: string) => (path.startsWith("/docs/") ? join(root, "..") : root)
  expect(links.filter((path) => !existsSync(join(base(path), path)))).toEqual([])
})

describe("packages", () => {
  it("are installed, as far as a notebook uses them", async () => {
    const library = await readFile(
      join(kit, "runtime/stdlib/recommendedLibraries.js"),
      "utf8"
    )
    const inputs = await readFile(join(kit, "runtime/stdlib/inputs.js"), "utf8")
    for (const name of libraries) {
      const line = library
        .split("\n")
        .find((it) => it.startsWith(`export const ${name} `))
      const [wanted] = packagesIn(name === "Inputs" ? inputs : (line ?? ""))
      expect([name, wanted, isInstalled(wanted ?? "?")]).toEqual([
        name,
        wanted ?? "",
        true
      ])
    }
  })

  it("replace every address of the network in what every page loads", async () => {
    for (const file of [
      "index.js",
      "stdlib/recommendedLibraries.js",
      "stdlib/inputs.js"
    ]) {
      const text = await readFile(join(kit, "runtime", file), "utf8")
      const imports = withInstalledPackages(text).matchAll(
        /(?:import\(|from )"(https?:[^"]+)"/gu
      )
      expect([file, ...Array.from(imports, ([, url]) => url)]).toEqual([file])
    }
  })

  it("are named by what they are, with scope, version and file", () => {
    const at = "https://cdn.jsdelivr.net/npm"
    expect(
      withInstalledPackages(
        `import("${at}/@a/b@1.2.3/+esm"); import("${at}/c/+esm"); import('${at}/d@^1/x.js')`
      )
    ).toBe(
      `import("installed:@a/b"); import("installed:c"); import('installed:d/x.js')`
    )
    expect(isInstalled("no-such-package-anywhere")).toBe(false)
  })
})
