import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

const run = async (...args: ReadonlyArray<string>) => {
  const child = Bun.spawn([process.execPath, main, ...args], {
    stdout: "pipe",
    stderr: "pipe",
    env: {
      ...process.env,
      DATABASE_URL: "postgres://nobody:secret@127.0.0.1:1/nowhere",
      CLICKHOUSE_URL: "http://127.0.0.1:1/nowhere"
    }
  })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited
  ])
  return { out, err, code }
}

describe("migrate create", () => {
  let folder = ""
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "analytics-migrate-"))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it("writes a file for each store under one version", async () => {
    expect(await run("create", "--dir", folder, "Add users' e-mails!")).toMatchObject({
      code: 0
    })
    const [postgres = ""] = await readdir(join(folder, "postgres"))
    const [clickhouse = ""] = await readdir(join(folder, "clickhouse"))
    expect(postgres).toMatch(/^\d{14}_add_users_e_mails\.sql$/)
    expect(clickhouse).toBe(postgres)
    expect(await readFile(join(folder, "postgres", postgres), "utf8")).toBe(
      "-- migrate:up\n\n-- migrate:down\n"
    )
  })

  it("writes for one store only when asked to", async () => {
    const only = join(folder, "only")
    expect(
      await run("create", "--store", "clickhouse", "--dir", only, "x")
    ).toMatchObject({ code: 0 })
    expect(await readdir(only)).toEqual(["clickhouse"])
  })

  it("ends with 1 and a reason, and keeps the password to itself", async () => {
    const refused = await run("create", "--dir", folder, "!!!")
    expect(refused).toMatchObject({ code: 1 })
    expect(refused.err).toContain("needs a letter or a digit")
    const unknown = await run("sideways")
    expect(unknown.code).toBe(1)
    expect(`${unknown.out}${unknown.err}`).not.toContain("secret")
  })
})
