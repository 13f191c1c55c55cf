import { afterEach, beforeEach, describe, expect, it } from "bun:test"
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { openLogFile } from "../src/LogFile.ts"
import { makeLogStream } from "../src/LogStream.ts"

const collect = (color: boolean) => {
  const terminal: Array<string> = []
  const logs = makeLogStream({
    color,
    toFile: () => {},
    toTerminal: (text) => terminal.push(text)
  })
  return { logs, terminal }
}

describe("LogStream", () => {
  it("gives each part a colour of its own and keeps it", () => {
    const { logs, terminal } = collect(true)
    logs.write("postgres", "a")
    logs.write("loader", "b")
    logs.write("postgres", "c")
    const colors = terminal.map((text) => text.slice(0, text.indexOf("m") + 1))
    expect(colors[0]).toStartWith("\u001b[")
    expect(colors[1]).not.toBe(colors[0])
    expect(colors[2]).toBe(colors[0])
  })

  it("remembers the last twenty lines of each part", () => {
    const { logs } = collect(false)
    for (let line = 1; line <= 25; line++) logs.write("loader", String(line))
    logs.write("postgres", "other")
    expect(logs.tail("loader")).toHaveLength(20)
    expect(logs.tail("loader").at(0)).toBe("6")
    expect(logs.tail("loader").at(-1)).toBe("25")
  })

  it("leaves the terminal to a program and shows the lines of the meantime after it", async () => {
    const { logs, terminal } = collect(false)
    await Effect.runPromise(
      logs.withTerminalHeld(
        Effect.sync(() => {
          logs.write("loader", "meanwhile")
          expect(terminal).toEqual([])
        })
      )
    )
    expect(terminal).toEqual(["loader         | meanwhile\n"])
  })
})

describe("LogFile", () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "analytics-log-"))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  it("begins anew when it is full, keeping one predecessor", () => {
    const path = join(directory, "stack.log")
    const log = openLogFile(path, 100)
    for (let line = 0; line < 12; line++) log.append(`${line} ${"x".repeat(28)}\n`)
    log.close()
    expect(statSync(path).size).toBeLessThan(140)
    expect(readFileSync(`${path}.1`, "utf8")).toContain("7 xxx")
    expect(readFileSync(path, "utf8")).toContain("11 xxx")
  })
})
