import { describe, expect, it } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { lineBlocks } from "@analytics/data-processing/readers/lines"
import { ndjson } from "@analytics/data-processing/readers/ndjson"
import { Effect } from "effect"
import { zipSync } from "fflate"
import { openSource } from "../src/import/SourceFile.ts"

describe("openSource", () => {
  const folder = mkdtempSync(join(tmpdir(), "analytics-source-"))
  const text = Array.from({ length: 50_000 }, (_, n) => `line ${n}`).join("\n")

  for (const [name, bytes] of [
    ["plain.log", Buffer.from(text)],
    ["packed.log.gz", gzipSync(text)]
  ] as const)
    it(`reads every line of ${name}, also when nobody is there at first`, async () => {
      const path = join(folder, name)
      await Bun.write(path, bytes)
      const source = await Effect.runPromise(openSource(path))
      let read = 0
      const stream = source.read((count) => {
        read += count
      })
      await new Promise((resolve) => setImmediate(resolve))
      const blocks = await Array.fromAsync(lineBlocks(stream, 0))
      expect(blocks.flatMap(({ lines }) => lines).join("\n")).toBe(text)
      expect(read).toBe(bytes.length)
    })

  it("reads the files of a zip, those that are wanted, as one", async () => {
    const path = join(folder, "export.zip")
    const packed = gzipSync('{"n":1}\n{"n":2}\n')
    await Bun.write(
      path,
      zipSync({ "a/1.json.gz": packed, "a/2.json": Buffer.from('{"n":3}') })
    )
    const source = await Effect.runPromise(openSource(path))
    const rowsOf = async (isWanted?: (name: string) => boolean) => {
      let read = 0
      const onBytes = (count: number) => {
        read += count
      }
      const blocks = await Array.fromAsync(source.rows(ndjson, onBytes, isWanted))
      expect(read).toBe(source.size)
      return blocks.flatMap(({ rows }) => rows)
    }
    expect(await rowsOf()).toMatchObject([
      { number: 1, fields: { n: 1 } },
      { number: 2, fields: { n: 2 } },
      { number: 3, fields: { n: 3 } }
    ])
    expect(await rowsOf((name) => name === "a/2.json")).toMatchObject([
      { number: 1, fields: { n: 3 } }
    ])
  })

  it("says which file it cannot read", async () => {
    const error = await Effect.runPromise(Effect.flip(openSource(join(folder, "none"))))
    expect(error.message).toContain("none cannot be read")
    rmSync(folder, { recursive: true })
  })
})
