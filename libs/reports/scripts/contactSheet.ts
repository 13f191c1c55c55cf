// Draws every sample chart in a theme and width, on sheets to look at:
// bun libs/reports/scripts/contactSheet.ts <folder> [theme] [width]
import { mkdirSync, writeFileSync } from "node:fs"
import { chartPng } from "../src/chart/chartPng.ts"
import { chartSvg } from "../src/chart/chartSvg.ts"
import { hardCharts } from "../test/support/hardCharts.ts"
import { sampleCharts } from "../test/support/sampleCharts.ts"

const [folder = "charts", theme = "light", given = "640"] = Bun.argv.slice(2)
if (theme !== "light" && theme !== "dark" && theme !== "print")
  throw new Error("theme: light, dark or print")
const width = Number(given)
const charts = { ...sampleCharts, ...hardCharts }
const columns = Math.max(1, Math.floor(1600 / (width + 16)))
const tallest = 1500
mkdirSync(folder, { recursive: true })

const size = (svg: string): number => Number(/ height="([\d.]+)"/u.exec(svg)?.[1])
let sheet: Array<string> = []
let heights = Array.from({ length: columns }, () => 0)
let number = 0

const write = () => {
  const [wide, high] = [columns * (width + 16), Math.max(...heights)]
  const ground = theme === "dark" ? "#444a55" : "#c8ccd4"
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${high}" viewBox="0 0 ${wide} ${high}"><rect width="100%" height="100%" fill="${ground}"/>${sheet.join("")}</svg>`
  const path = `${folder}/${theme}-${width}-${++number}.png`
  writeFileSync(path, chartPng(svg, 1))
  process.stdout.write(`${path}\n`)
  sheet = []
  heights = heights.map(() => 0)
}

for (const [at, [title, chart]] of Object.entries(charts).entries()) {
  const svg = chartSvg(chart, {
    theme,
    width,
    locale: "en",
    timezone: "Europe/Berlin",
    title,
    id: `c${at}`
  })
  let column = heights.indexOf(Math.min(...heights))
  if ((heights[column] ?? 0) > 0 && (heights[column] ?? 0) + size(svg) > tallest) {
    write()
    column = 0
  }
  const top = heights[column] ?? 0
  sheet.push(
    svg.replace("<svg ", `<svg x="${column * (width + 16) + 8}" y="${top + 8}" `)
  )
  heights[column] = top + size(svg) + 16
}
write()
