import { readFileSync } from "node:fs"
import { join } from "node:path"
import {
  NodeCompiler,
  type NodeTypstDocument
} from "@myriaddreamin/typst-ts-node-compiler"
import type { PdfModel } from "./PdfModel.ts"
import { fontBlobs } from "./pdfFonts.ts"

/** Where the files of a document seem to lie; nothing is there on any machine. */
const root = "/analytics-report-files"

/** Text is a source only here: a document is data that it reads. */
const template = readFileSync(join(import.meta.dir, "report.typ"), "utf8")

let compiler: NodeCompiler | undefined

/** Made once: the fonts are read, which takes a while. */
const shared = (): NodeCompiler => {
  compiler ??= NodeCompiler.create({
    workspace: root,
    fontArgs: [{ fontBlobs: fontBlobs() }]
  })
  return compiler
}

export class TypstFailed extends Error {
  override readonly name = "TypstFailed"
}

const messages = (diagnostics: ReadonlyArray<unknown>): string =>
  diagnostics
    .map((diagnostic) => JSON.stringify(diagnostic))
    .join("; ")
    .slice(0, 2000)

const laidOut = <A>(
  model: PdfModel,
  files: ReadonlyMap<string, string>,
  use: (compiler: NodeCompiler, document: NodeTypstDocument) => A
): A => {
  const typst = shared()
  try {
    typst.mapShadow(join(root, "report.json"), Buffer.from(JSON.stringify(model)))
    for (const [name, text] of files)
      typst.mapShadow(join(root, name), Buffer.from(text))
    const compiled = typst.compile({ mainFileContent: template, resetRead: true })
    const { result } = compiled
    if (result === null)
      throw new TypstFailed(
        `Typst could not lay the report out: ${messages(
          compiled.takeError()?.shortDiagnostics ?? []
        )}`
      )
    return use(typst, result)
  } finally {
    typst.resetShadow()
    typst.evictCache(0)
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * Lays out `model` with the `files` (by name) that it names, and gives what `use` makes of
 * it. Nothing of it stays in memory afterwards.
 */
export const withTypst = async <A>(
  model: PdfModel,
  files: ReadonlyMap<string, string>,
  use: (compiler: NodeCompiler, document: NodeTypstDocument) => A
): Promise<A> => {
  const made = laidOut(model, files, use)
  // The pages are freed when the object that stands for them is, which looks too small to be
  // worth it; and only once the event loop turns.
  await turn()
  Bun.gc(true)
  await turn()
  return made
}
