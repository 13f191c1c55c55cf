import { readFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { type Page, readPage } from "./Page.ts"

export const root = resolve(import.meta.dirname, "../../..")

const elsewhere = new Set(["node_modules", ".data", ".tools", ".git", "coverage"])

/** Every Markdown file of the repository, in the order of their paths. */
export const repositoryPages = async (): Promise<ReadonlyArray<Page>> => {
  const paths: Array<string> = []
  for (const top of new Bun.Glob("*").scanSync({ cwd: root, onlyFiles: false })) {
    if (elsewhere.has(top)) continue
    if (top.endsWith(".md")) paths.push(top)
    for (const path of new Bun.Glob(`${top}/**/*.md`).scanSync({ cwd: root }))
      if (!path.includes("node_modules/")) paths.push(path)
  }
  return Promise.all(
    paths.sort().map(async (path) => {
      const text = await readFile(join(root, path), "utf8")
      return readPage(path, text)
    })
  )
}
