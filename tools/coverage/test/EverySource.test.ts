import { expect, it } from "bun:test"
import { join, resolve } from "node:path"
import { sourceFiles } from "../src/SourceFiles.ts"

const root = resolve(import.meta.dirname, "../../..")

/**
 * Bun's coverage knows only the files that a test loads. This loads all of them, so that a
 * file without a test counts as not covered. A program must therefore do nothing when it is
 * imported: it runs under `if (import.meta.main)`.
 */
it("loads every source file, and none of them does anything by that", async () => {
  const files = sourceFiles(root)
  expect(files.length).toBeGreaterThan(50)
  const texts = await Promise.all(
    files.map(async (file) => ({ file, text: await Bun.file(join(root, file)).text() }))
  )
  const unguarded = texts.filter(
    ({ file, text }) =>
      (/main\.ts$/iu.test(file) ||
        /^(?!\s*(\/?\*|\/\/)).*NodeRuntime\.runMain/mu.test(text)) &&
      !text.includes("import.meta.main")
  )
  // Importing one of these would end the test run itself.
  expect(unguarded.map(({ file }) => file)).toEqual([])
  for (const file of files) {
    await import(join(root, file))
  }
}, 60_000)
