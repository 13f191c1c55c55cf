import { expect, it } from "bun:test"
import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join, relative, resolve } from "node:path"

const root = resolve(import.meta.dirname, "..")

/** What a file in this place may import, and what it may not. */
const layers: ReadonlyArray<{
  readonly file: string
  readonly allowed: ReadonlyArray<string>
  readonly refused: ReadonlyArray<string>
}> = [
  {
    file: "libs/analytics-core/src/X.ts",
    allowed: ["effect", "effect/Schema", "./Y.ts", "../src/Y.ts"],
    refused: [
      "effect/sql",
      "effect/http",
      "node:fs",
      "fast-check",
      "elysia",
      "@clickhouse/client",
      "@analytics/config/X"
    ]
  },
  {
    file: "libs/data-processing/src/X.ts",
    allowed: ["@analytics/analytics-core/X", "csv-parse"],
    refused: ["@analytics/database/X", "effect/sql", "elysia", "@analytics/testing/X"]
  },
  {
    file: "libs/ml-models/src/X.ts",
    allowed: ["@analytics/analytics-core/X"],
    refused: ["@analytics/data-processing/X", "@effect/sql-pg"]
  },
  {
    file: "libs/config/src/X.ts",
    allowed: ["effect"],
    refused: ["@analytics/database/X", "@analytics/analytics-core/X", "bun:test"]
  },
  {
    file: "libs/tracker/src/X.ts",
    allowed: ["./Y.ts", "../src/Y.ts"],
    refused: ["effect", "node:fs", "@analytics/analytics-core/X", "bun:test"]
  },
  ...["api-common", "database", "observability"].map((lib) => ({
    file: `libs/${lib}/src/X.ts`,
    allowed: ["@analytics/config/X", "effect/sql"],
    refused: ["@analytics/analytics-core/X", "@analytics/testing/X"]
  })),
  {
    file: "services/analytics-api/src/X.ts",
    allowed: ["@analytics/database/X", "@analytics/analytics-core/X"],
    refused: [
      "@analytics/data-ingestion/App",
      "@analytics/stack/Stack",
      "@analytics/testing/X",
      "bun:test"
    ]
  },
  {
    file: "services/analytics-api/src/x/XRepo.ts",
    allowed: ["effect/sql", "@analytics/database/X"],
    refused: ["elysia", "@analytics/api-common/X", "@analytics/data-ingestion/App"]
  },
  {
    file: "services/analytics-api/src/x/XRoutes.ts",
    allowed: ["elysia", "@analytics/api-common/X"],
    refused: ["effect/sql", "@analytics/database/X", "@analytics/data-ingestion/App"]
  },
  {
    file: "tools/cli/src/X.ts",
    allowed: ["@analytics/config/X"],
    refused: ["@analytics/testing/X"]
  },
  {
    file: "services/analytics-api/test/X.test.ts",
    allowed: ["bun:test", "@analytics/testing/X"],
    refused: []
  }
]

const biome = async (directory: string): Promise<ReadonlySet<string>> => {
  const program = join(root, "node_modules/@biomejs/biome/bin/biome")
  const child = Bun.spawn(
    [
      process.execPath,
      program,
      "lint",
      "--max-diagnostics=none",
      "--reporter=github",
      "."
    ],
    { cwd: directory, stdout: "pipe", stderr: "pipe", timeout: 60_000 }
  )
  const [text] = await Promise.all([new Response(child.stdout).text(), child.exited])
  const found = text.matchAll(
    /title=lint\/(?:style\/noRestrictedImports|suspicious\/noImportCycles),file=([^,]+),line=(\d+)/gu
  )
  return new Set(
    [...found].map(([, file, line]) => `${relative(directory, file ?? "")}:${line}`)
  )
}

it("refuses an import that crosses a layer, and only that", async () => {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "analytics-layers-")))
  await cp(join(root, "biome.json"), join(directory, "biome.json"))
  const plant = async (file: string, imports: ReadonlyArray<string>) => {
    const path = join(directory, file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, imports.map((it) => `import "${it}"\n`).join(""))
  }
  const expected = new Set<string>()
  for (const { allowed, file, refused } of layers) {
    await plant(file, [...allowed, ...refused])
    refused.forEach((_, at) => {
      expected.add(`${file}:${allowed.length + at + 1}`)
    })
  }
  await plant("libs/config/src/A.ts", ["./B.ts"])
  await plant("libs/config/src/B.ts", ["./A.ts"])
  expected.add("libs/config/src/A.ts:1").add("libs/config/src/B.ts:1")

  const found = await biome(directory)
  await rm(directory, { recursive: true, force: true })
  expect([...found].sort()).toEqual([...expected].sort())
}, 90_000)
