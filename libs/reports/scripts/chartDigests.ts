// Writes down how the sample charts look now, after a change of drawing that was looked at:
// bun libs/reports/scripts/chartDigests.ts
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { drawnSamples } from "../test/support/chartDigests.ts"

if (import.meta.main) {
  const digests = drawnSamples().map(({ name, digest }) => [name, digest] as const)
  writeFileSync(
    join(import.meta.dir, "../test/chart/digests.json"),
    `${JSON.stringify(Object.fromEntries(digests), null, 2)}\n`
  )
}
