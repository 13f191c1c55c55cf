import { expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { renameFont } from "../src/pdf/renameFont.ts"

/** A home whose fonts have names that reports ask for, and other letters. */
const homeWithFonts = (): string => {
  const home = mkdtempSync(join(tmpdir(), "analytics-fonts-"))
  const other = readFileSync(
    fileURLToPath(import.meta.resolve("dejavu-fonts-ttf/ttf/DejaVuSerif.ttf"))
  )
  for (const folder of [".fonts", ".local/share/fonts"]) {
    mkdirSync(join(home, folder), { recursive: true })
    for (const family of ["Inter", "DejaVu Sans", "Noto Sans", "sans-serif"])
      writeFileSync(
        join(home, folder, `${family}.ttf`),
        renameFont(other, family, "Regular")
      )
  }
  return home
}

/** Digests that a process of its own makes in another place and language. */
const digests = async (
  env: Record<string, string>
): Promise<Record<string, string>> => {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "support/digests.main.ts")],
    {
      env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", ...env },
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 110_000
    }
  )
  return JSON.parse(await new Response(child.stdout).text())
}

test("the same report is the same bytes, wherever and whenever it is made", async () => {
  const home = homeWithFonts()
  try {
    const [here, there] = await Promise.all([
      digests({ TZ: "Pacific/Apia", LANG: "de_DE.UTF-8", LC_ALL: "de_DE.UTF-8" }),
      digests({
        HOME: home,
        TZ: "America/St_Johns",
        LANG: "ar_EG.UTF-8",
        LC_ALL: "ar_EG.UTF-8"
      })
    ])
    expect(there).toEqual(here)
    const formats = Object.keys(here).filter((name) => name.endsWith(" 1"))
    expect(formats).toHaveLength(14)
    for (const name of Object.keys(here).filter((each) => each.endsWith(" 2")))
      expect(here[name]).toBe(here[name.replace(/2$/u, "1")])
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}, 120_000)
