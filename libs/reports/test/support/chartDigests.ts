import type { Chart } from "../../src/Chart.ts"
import type { ChartTheme } from "../../src/chart/ChartOptions.ts"
import { chartSvg } from "../../src/chart/chartSvg.ts"
import { hardCharts } from "./hardCharts.ts"
import { sampleCharts } from "./sampleCharts.ts"

/** A theme and width that charts are judged in, on screens and on paper. */
export interface Look {
  readonly theme: ChartTheme
  readonly width: number
  readonly locale: string
}

const looks: ReadonlyArray<Look> = [
  { theme: "light", width: 260, locale: "en" },
  { theme: "dark", width: 480, locale: "de" },
  { theme: "print", width: 900, locale: "en-GB" }
]

/** A chart in a look, called as badly as can be. */
export const drawn = (chart: Chart, look: Look): string =>
  chartSvg(chart, {
    ...look,
    timezone: "Europe/Berlin",
    title: "</title><script>",
    id: "x1"
  })

export const allCharts: Record<string, Chart> = { ...sampleCharts, ...hardCharts }

/** Every (n-th) sample in every look: its pictures, and the beginning of a SHA-256 of them. */
export const drawnSamples = (
  every = 1
): ReadonlyArray<{
  readonly name: string
  readonly pictures: ReadonlyArray<{ readonly look: Look; readonly svg: string }>
  readonly digest: string
}> =>
  Object.entries(allCharts)
    .filter((_, at) => at % every === 0)
    .map(([name, chart]) => {
      const pictures = looks.map((look) => ({ look, svg: drawn(chart, look) }))
      const all = pictures.map(({ svg }) => svg).join("\n")
      return { name, pictures, digest: Bun.SHA256.hash(all, "hex").slice(0, 16) }
    })
