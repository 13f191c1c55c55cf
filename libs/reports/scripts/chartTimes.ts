// CPU milliseconds and sizes of each form of chart, as SVG and as PNG at twice its size:
// bun libs/reports/scripts/chartTimes.ts [rounds]
import type { Chart } from "../src/Chart.ts"
import { chartPng } from "../src/chart/chartPng.ts"
import { chartSvg } from "../src/chart/chartSvg.ts"
import { allCharts } from "../test/support/chartDigests.ts"

const timed = <A>(work: () => A): { readonly made: A; readonly ms: number } => {
  const before = process.cpuUsage()
  const made = work()
  const { user, system } = process.cpuUsage(before)
  return { made, ms: (user + system) / 1000 }
}

const columns = ["svg ms", "most", "png ms", "most", "svg KB", "most", "png KB", "most"]

const main = (rounds: number): void => {
  const found = new Map<Chart["form"], Array<ReadonlyArray<number>>>()
  for (let round = 0; round <= rounds; round++)
    for (const chart of Object.values(allCharts)) {
      const svg = timed(() =>
        chartSvg(chart, { theme: "light", width: 640, locale: "en", timezone: "UTC" })
      )
      const png = timed(() => chartPng(svg.made, 2))
      // The first round compiles.
      if (round === 0) continue
      const rows = found.get(chart.form) ?? []
      rows.push([svg.ms, png.ms, svg.made.length / 1024, png.made.length / 1024])
      found.set(chart.form, rows)
    }
  const row = (cells: ReadonlyArray<string>) =>
    process.stdout.write(`${cells.map((cell) => cell.padStart(10)).join("")}\n`)
  row(["", ...columns])
  for (const [form, rows] of found)
    row([
      form,
      ...[0, 1, 2, 3].flatMap((at) => {
        const sorted = rows.map((cells) => cells[at] ?? 0).toSorted((a, b) => a - b)
        const middle = sorted[Math.floor(sorted.length / 2)] ?? 0
        return [middle.toFixed(1), (sorted.at(-1) ?? 0).toFixed(1)]
      })
    ])
}

if (import.meta.main) main(Number(Bun.argv[2] ?? 5))
