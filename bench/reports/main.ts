import type { ReportDocument } from "@analytics/reports/ReportDocument"
import { renderDocument } from "@analytics/reports/renderDocument"
import { sampleReport } from "@analytics/reports/test/sampleReport"

/**
 * What a report of twelve sections with eight charts costs in each format: every format in
 * a process of its own, once as it starts and then `ROUNDS` times; a PDF that says nothing,
 * which is what Typst takes by itself; and a table of `LONG_ROWS` rows by eight columns in
 * the formats that have all of it.
 */
const ROUNDS = 15
const LONG_ROWS = 50_000

const formats = ["html", "pdf", "xlsx", "csv", "png", "json", "email"] as const
type Format = (typeof formats)[number]

const longReport = (): ReportDocument => {
  const block = sampleReport.blocks.find(({ type }) => type === "table")
  if (block?.type !== "table") throw new Error("the sample has no table")
  const { columns, rows } = block.table
  const many = Array.from(
    { length: LONG_ROWS },
    (_, at) => rows[at % rows.length] ?? []
  )
  return { ...sampleReport, blocks: [{ ...block, table: { columns, rows: many } }] }
}

const documents = {
  usual: () => sampleReport,
  empty: () => ({ ...sampleReport, notices: [], blocks: [] }),
  long: longReport
}
type Name = keyof typeof documents

const names: Readonly<Record<Name, string>> = {
  usual: "",
  empty: ", empty",
  long: `, ${LONG_ROWS} rows`
}

/** Measures one format in this process and prints a line of the table. */
const measure = async (format: Format, name: Name): Promise<void> => {
  const document = documents[name]()
  const times: Array<number> = []
  let bytes = 0
  for (let round = 0; round <= (name === "long" ? 2 : ROUNDS); round++) {
    const start = performance.now()
    bytes = (await renderDocument(document, format)).bytes.byteLength
    times.push(performance.now() - start)
  }
  const [first = 0, ...others] = times
  const sorted = others.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0
  // Kilobytes on Linux.
  const peak = process.resourceUsage().maxRSS / 1024
  process.stdout.write(
    `${`${format}${names[name]}`.padEnd(18)}${[first, at(0.5), at(0.95)].map((ms) => ms.toFixed(0).padStart(10)).join("")}${peak.toFixed(0).padStart(10)}${(bytes / 1024).toFixed(0).padStart(10)}\n`
  )
}

const all = async (): Promise<number> => {
  process.stdout.write(
    `${"format".padEnd(18)}${["first ms", "p50 ms", "p95 ms", "peak MB", "KB"].map((name) => name.padStart(10)).join("")}\n`
  )
  const runs = [
    ["pdf", "empty"],
    ...formats.map((format) => [format, "usual"]),
    ...["html", "pdf", "xlsx", "csv"].map((format) => [format, "long"])
  ]
  let failed = 0
  for (const run of runs) {
    const child = Bun.spawn([process.execPath, import.meta.path, ...run], {
      stdio: ["ignore", "inherit", "inherit"],
      timeout: 120_000
    })
    if ((await child.exited) !== 0) failed++
  }
  return failed === 0 ? 0 : 1
}

if (import.meta.main) {
  const [named, said] = process.argv.slice(2)
  const format = formats.find((each) => each === named)
  if (format === undefined) process.exitCode = await all()
  else await measure(format, said === "long" || said === "empty" ? said : "usual")
}
