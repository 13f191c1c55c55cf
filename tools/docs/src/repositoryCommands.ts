import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Schema } from "effect"
import type { Commands } from "./checkSamples.ts"
import { root } from "./repositoryPages.ts"

const Package = Schema.fromJsonString(
  Schema.Struct({ scripts: Schema.Record(Schema.String, Schema.String) })
)

/** Whether there is a file or folder at a path from the root. */
export const existsInRepository = (path: string): boolean =>
  existsSync(join(root, path))

/** What can be called at the root, and in each service. */
export const repositoryCommands = async (): Promise<Commands> => {
  const [makefile, ...packages] = await Promise.all(
    ["Makefile", "package.json", "services/analytics-api/package.json"].map((path) =>
      readFile(join(root, path), "utf8")
    )
  )
  const targets = [...(makefile ?? "").matchAll(/^([a-z-]+):/gm)]
  const scripts = packages.flatMap((text) =>
    Object.keys(Schema.decodeSync(Package)(text).scripts)
  )
  return {
    targets: new Set(targets.map(([, name = ""]) => name)),
    scripts: new Set(scripts),
    exists: existsInRepository
  }
}
