import { expect, it } from "bun:test"
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"

const program = resolve(import.meta.dirname, "../src/tree/main.ts")

/** A workspace with one service, a library, and packages as the isolated linker lays them out. */
const workspace: Readonly<Record<string, string>> = {
  "package.json": '{"name": "a"}',
  "tsconfig.json": "{}",
  "migrations/1.sql": "SELECT 1",
  "services/shop/package.json": '{"name": "@a/shop"}',
  "services/shop/src/main.ts":
    'import { used } from "@a/lib/used"\nimport type { T } from "onlytypes"\nconsole.log(used)',
  "services/shop/src/worker.ts":
    'import "lazy"\nnew URL("../../../migrations", import.meta.url)\nimport.meta.resolve("fonts/a.ttf")',
  "services/shop/test/main.test.ts": 'import "unused"',
  "libs/lib/package.json": '{"name": "@a/lib", "exports": {"./*": "./src/*.ts"}}',
  "libs/lib/src/used.ts": 'export const used = require("plain")',
  "libs/lib/src/unused.ts": 'import "unused"',
  "libs/lib/src/page.typ": "= Page",
  "node_modules/.bun/plain@1/node_modules/plain/package.json":
    '{"name": "plain", "main": "a.js"}',
  "node_modules/.bun/plain@1/node_modules/plain/a.js":
    'module.exports = require("deep")',
  "node_modules/.bun/plain@1/node_modules/plain/a.js.map": "{}",
  "node_modules/.bun/plain@1/node_modules/plain/a.d.ts": "",
  "node_modules/.bun/plain@1/node_modules/plain/bin/win32/x64/a.node": "",
  "node_modules/.bun/plain@1/node_modules/plain/data.json": "[]",
  "node_modules/.bun/lazy@1/node_modules/lazy/native.node": "",
  "node_modules/.bun/deep@1/node_modules/deep/package.json": '{"name": "deep"}',
  "node_modules/.bun/deep@1/node_modules/deep/index.js": "",
  "node_modules/.bun/lazy@1/node_modules/lazy/package.json": '{"name": "lazy"}',
  "node_modules/.bun/lazy@1/node_modules/lazy/index.js": 'import("./more/x.js")',
  "node_modules/.bun/lazy@1/node_modules/lazy/more/x.js": "",
  "node_modules/.bun/fonts@1/node_modules/fonts/package.json": '{"name": "fonts"}',
  "node_modules/.bun/fonts@1/node_modules/fonts/a.ttf": "",
  "node_modules/.bun/fonts@1/node_modules/fonts/b.ttf": "",
  "node_modules/.bun/unused@1/node_modules/unused/package.json": '{"name": "unused"}',
  "node_modules/.bun/unused@1/node_modules/unused/index.js": ""
}

const links: Readonly<Record<string, string>> = {
  "main.ts": "services/shop/src/main.ts",
  "services/shop/node_modules/@a/lib": "../../../../libs/lib",
  "services/shop/node_modules/lazy":
    "../../../node_modules/.bun/lazy@1/node_modules/lazy",
  "services/shop/node_modules/fonts":
    "../../../node_modules/.bun/fonts@1/node_modules/fonts",
  "libs/lib/node_modules/plain":
    "../../../node_modules/.bun/plain@1/node_modules/plain",
  "libs/lib/node_modules/unused":
    "../../../node_modules/.bun/unused@1/node_modules/unused",
  "node_modules/.bun/plain@1/node_modules/deep": "../../deep@1/node_modules/deep"
}

const layOut = async (root: string, libraries: string, out: string, epoch: number) => {
  const child = Bun.spawn(
    [
      process.execPath,
      program,
      `--root=${root}`,
      "--entry=main.ts",
      `--libraries=${libraries}`,
      `--out=${out}`,
      `--epoch=${epoch}`
    ],
    { stdio: ["ignore", "ignore", "inherit"] }
  )
  expect(await child.exited).toBe(0)
  return (await filesOf(out)).sort()
}

/** Files and links; what links lead to is not looked at. */
const filesOf = async (folder: string, at = ""): Promise<Array<string>> => {
  const entries = await readdir(join(folder, at), { withFileTypes: true })
  const found = entries.map((entry) =>
    entry.isDirectory() ? filesOf(folder, join(at, entry.name)) : [join(at, entry.name)]
  )
  return (await Promise.all(found)).flat()
}

it("keeps what the service reaches, at fixed times", async () => {
  const folder = await mkdtemp(join(tmpdir(), "analytics-tree-"))
  try {
    const root = join(folder, "app")
    for (const [path, text] of Object.entries(workspace)) {
      await mkdir(join(root, dirname(path)), { recursive: true })
      await writeFile(join(root, path), text)
    }
    for (const [path, target] of Object.entries(links)) {
      await mkdir(join(root, dirname(path)), { recursive: true })
      await symlink(target, join(root, path))
    }
    const libraries = join(folder, "lib")
    await mkdir(libraries)
    await writeFile(join(libraries, "libgcc_s.so.1"), "")
    await writeFile(join(libraries, "libstdc++.so.6.0.30"), "")
    await symlink("libstdc++.so.6.0.30", join(libraries, "libstdc++.so.6"))
    const out = join(folder, "out")
    const store = "packages/app/node_modules/.bun"
    expect(await layOut(root, libraries, out, 86_400)).toEqual(
      [
        `${store}/deep@1/node_modules/deep/index.js`,
        `${store}/deep@1/node_modules/deep/package.json`,
        `${store}/fonts@1/node_modules/fonts/a.ttf`,
        `${store}/fonts@1/node_modules/fonts/package.json`,
        `${store}/lazy@1/node_modules/lazy/index.js`,
        `${store}/lazy@1/node_modules/lazy/more/x.js`,
        `${store}/lazy@1/node_modules/lazy/native.node`,
        `${store}/lazy@1/node_modules/lazy/package.json`,
        `${store}/plain@1/node_modules/deep`,
        `${store}/plain@1/node_modules/plain/a.js`,
        `${store}/plain@1/node_modules/plain/data.json`,
        `${store}/plain@1/node_modules/plain/package.json`,
        "packages/app/libs/lib/node_modules/plain",
        "packages/app/services/shop/node_modules/@a/lib",
        "packages/app/services/shop/node_modules/fonts",
        "packages/app/services/shop/node_modules/lazy",
        // Because of native.node; links would lead nowhere.
        join("packages", libraries, "libgcc_s.so.1"),
        join("packages", libraries, "libstdc++.so.6"),
        "sources/app/libs/lib/package.json",
        "sources/app/libs/lib/src/page.typ",
        "sources/app/libs/lib/src/used.ts",
        "sources/app/main.ts",
        "sources/app/migrations/1.sql",
        "sources/app/package.json",
        "sources/app/services/shop/package.json",
        "sources/app/services/shop/src/main.ts",
        "sources/app/services/shop/src/worker.ts",
        "sources/app/tsconfig.json"
      ].sort()
    )
    for (const path of ["sources/app", "sources/app/libs/lib/src/used.ts"]) {
      const { mode, mtimeMs } = await stat(join(out, path))
      expect([mtimeMs, mode & 0o022]).toEqual([86_400_000, 0])
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
