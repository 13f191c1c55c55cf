import { expect, test } from "bun:test"
import { join } from "node:path"

/** Digests that a process of its own makes in another place and language. */
const digests = async (
  env: Record<string, string>
): Promise<Record<string, string>> => {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "support/digests.main.ts")],
    {
      env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", ...env },
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 60_000
    }
  )
  return JSON.parse(await new Response(child.stdout).text())
}

test("the same report is the same bytes, wherever and whenever it is made", async () => {
  const [here, there] = await Promise.all([
    digests({ TZ: "Pacific/Apia", LANG: "de_DE.UTF-8", LC_ALL: "de_DE.UTF-8" }),
    digests({ TZ: "America/St_Johns", LANG: "ar_EG.UTF-8", LC_ALL: "ar_EG.UTF-8" })
  ])
  expect(Object.keys(here).length).toBeGreaterThan(17)
  expect(there).toEqual(here)
}, 60_000)
