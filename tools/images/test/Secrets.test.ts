import { expect, it } from "bun:test"
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { ensureSecrets } from "../src/Secrets.ts"

const root = resolve(import.meta.dirname, "../../..")

it("makes every secret of docker/compose.yaml once", async () => {
  const folder = join(await mkdtemp(join(tmpdir(), "analytics-secrets-")), "secrets")
  try {
    expect(await ensureSecrets(folder)).toBe(true)
    const names = (await readdir(folder)).filter((name) => !name.startsWith(".")).sort()
    const compose = await readFile(join(root, "docker/compose.yaml"), "utf8")
    const wanted = [...compose.matchAll(/\{ file: secrets\/(\w+) \}/g)].map(
      ([, name = ""]) => name
    )
    expect(names).toEqual(wanted.sort())
    const read = async () =>
      Promise.all(names.map((name) => readFile(join(folder, name), "utf8")))
    const before = await read()
    expect(new Set(before).size).toBe(names.length)
    expect(before.every((value) => value.length >= 20 && !/\s/.test(value))).toBe(true)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect((await stat(join(folder, "ADMIN_KEY"))).mode & 0o777).toBe(0o444)
    expect(await ensureSecrets(folder)).toBe(false)
    expect(await read()).toEqual(before)
  } finally {
    await rm(join(folder, ".."), { recursive: true, force: true })
  }
})
