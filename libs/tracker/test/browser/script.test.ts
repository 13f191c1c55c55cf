import { expect, it } from "bun:test"
import { join } from "node:path"
import { buildScript } from "../../scripts/buildScript.ts"

const MOST_BYTES = 2048

it("has less than 2 kB, packed", async () => {
  const bytes = Bun.gzipSync(await buildScript(), { level: 9 }).length
  expect(bytes, `t.js has ${bytes} bytes`).toBeLessThan(MOST_BYTES)
})

it("is checked in as its sources are", async () => {
  const kept = Bun.file(join(import.meta.dir, "../../src/browser/t.js.txt"))
  // Else: bun run --filter @analytics/tracker script:write
  expect(await kept.text()).toBe(await buildScript())
})
