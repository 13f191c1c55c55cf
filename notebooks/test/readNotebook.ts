import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import {
  type Notebook,
  type TranspiledJavaScript,
  transpile
} from "@observablehq/notebook-kit"
import { observable } from "@observablehq/notebook-kit/vite"
import { root } from "../src/root.ts"

/** A cell as it was written and as the page runs it. */
export interface Read {
  readonly notebook: Notebook
  readonly cells: ReadonlyArray<TranspiledJavaScript & { readonly id: number }>
  /** The page that Notebook Kit makes of it. */
  readonly page: string
}

export const notebookFiles = async (): Promise<ReadonlyArray<string>> =>
  (await readdir(root)).filter(
    (name) => name.endsWith(".html") && name !== "template.html"
  )

let found: Notebook | undefined
const plugin = observable({
  template: join(root, "template.html"),
  transformNotebook: (notebook) => {
    found = notebook
    return notebook
  }
})

/** What the kit's plugin for Vite makes of the text of a notebook. */
const pageOf = async (text: string, context: object): Promise<unknown> => {
  if (typeof plugin === "object" && plugin !== null && "transformIndexHtml" in plugin) {
    const hook: unknown = plugin.transformIndexHtml
    if (typeof hook === "object" && hook !== null && "handler" in hook)
      if (typeof hook.handler === "function") return hook.handler(text, context)
  }
  throw new Error("Notebook Kit's plugin is not as it was")
}

/** Reads a notebook as the preview does, by the kit's own parser; one after the other. */
export const readNotebook = async (name: string): Promise<Read> =>
  readText(name, await readFile(join(root, name), "utf8"))

/** The same of a text that is in no file of its own. */
export const readText = async (name: string, text: string): Promise<Read> => {
  const page = await pageOf(text, { path: `/${name}`, filename: join(root, name) })
  if (found === undefined || typeof page !== "string")
    throw new Error(`${name} is no notebook`)
  const cells = found.cells.map((cell) => ({ id: cell.id, ...transpile(cell) }))
  return { notebook: found, cells, page }
}
