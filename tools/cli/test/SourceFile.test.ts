import { describe, expect, it } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { lineBlocks } from "@analytics/data-processing/readers/lines"
import { Effect } from "effect"
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

  it("says which file it cannot read", async () => {
    const error = await Effect.runPromise(Effect.flip(openSource(join(folder, "none"))))
    expect(error.message).toContain("none cannot be read")
    rmSync(folder, { recursive: true })
  })
})
