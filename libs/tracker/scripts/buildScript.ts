import { join } from "node:path"

/** The browser's script as it is served: one file without imports. */
export const buildScript = async (): Promise<string> => {
  const { logs, outputs, success } = await Bun.build({
    entrypoints: [join(import.meta.dir, "../src/browser/main.ts")],
    target: "browser",
    format: "iife",
    define: { "import.meta.main": "true" },
    minify: true
  })
  const [output] = outputs
  if (!success || output === undefined)
    throw new Error(`t.js cannot be built: ${logs.map(String).join("\n")}`)
  return output.text()
}
