import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { chromium } from "playwright-core"
import { makeClient, type Project } from "../e2e/Client.ts"
import { formats, knownNow, makeReports, templates, told } from "./realReports.ts"
import { importSet, realSets } from "./realSets.ts"

/**
 * The templates made of the real data sets, as pictures to look at: pages at phone and
 * desktop width, light, dark and in print; PDF page by page; XLSX as LibreOffice prints it.
 *
 *     make start ARGS="--detach --no-demo"
 *     bun tests/long/lookAtReports.ts <STACK_DATA> <folder> [set,set…] [template,template…]
 *
 * Needs Chromium, `pdftoppm` (poppler-utils) and `soffice` (LibreOffice); what is missing
 * is left out. Sets that were imported before are not imported again.
 */
const look = async (
  data: string,
  out: string,
  onlySets: ReadonlyArray<string>,
  onlyTemplates: ReadonlyArray<string>
) => {
  const stack = {
    data,
    file: () => Bun.file(join(data, "stack.json")).json()
  }
  const client = await makeClient(stack)
  const reports = await makeReports(stack)
  await mkdir(out, { recursive: true })
  const known = join(out, "projects.json")
  const projects: Record<string, Project> = (await Bun.file(known).exists())
    ? await Bun.file(known).json()
    : {}
  const chosen = realSets.filter(
    ({ id }) => onlySets.length === 0 || onlySets.includes(id)
  )
  for (const set of chosen) {
    if (projects[set.id] !== undefined) continue
    const folder = await mkdtemp(join(tmpdir(), "analytics-look-"))
    projects[set.id] = await importSet(stack, client, set, folder)
    await rm(folder, { recursive: true, force: true })
    await Bun.write(known, JSON.stringify(projects))
  }
  for (const set of chosen) {
    const project = projects[set.id]
    if (project === undefined) continue
    const asOf = await knownNow(client, project)
    for (const template of templates) {
      if (onlyTemplates.length > 0 && !onlyTemplates.includes(template)) continue
      const { at, parameters = {} } = told(set, template)
      const report = await reports.make(project, template, parameters)
      const folder = join(out, set.id, template)
      await rm(folder, { recursive: true, force: true })
      await mkdir(folder, { recursive: true })
      for (const format of formats) {
        const file = await reports.render(project, report, format, { at, asOf })
        await Bun.write(join(folder, `report.${file.extension}`), file.bytes)
      }
      await pictures(folder)
      process.stdout.write(`${folder}\n`)
    }
  }
}

const run = async (command: ReadonlyArray<string>) => {
  const [program = ""] = command
  if (Bun.which(program) === null) return
  const child = Bun.spawn([...command], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    timeout: 120_000
  })
  if ((await child.exited) !== 0)
    process.stderr.write(
      `${command.join(" ")}: ${await new Response(child.stderr).text()}\n`
    )
}

const pictures = async (folder: string) => {
  const file = (name: string) => join(folder, name)
  await run(["pdftoppm", "-r", "60", "-png", file("report.pdf"), file("pdf")])
  const office = join(tmpdir(), "analytics-look-office")
  await run([
    ...["soffice", `-env:UserInstallation=file://${office}`, "--headless"],
    ...["--convert-to", "pdf:calc_pdf_Export", "--outdir", file("xlsx")],
    file("report.xlsx")
  ])
  await run([
    "pdftoppm",
    "-r",
    "50",
    "-png",
    file("xlsx/report.pdf"),
    file("xlsx/page")
  ])
  const path = Bun.which("chromium")
  if (path === null) return
  const browser = await chromium.launch({
    executablePath: path,
    args: ["--no-sandbox"]
  })
  try {
    for (const width of [390, 1280])
      for (const colorScheme of ["light", "dark"] as const) {
        const page = await browser.newPage({
          viewport: { width, height: 900 },
          colorScheme
        })
        await page.goto(`file://${file("report.html")}`)
        const name = `html-${width}-${colorScheme}`
        const wide = await page.evaluate("document.documentElement.scrollWidth")
        if (Number(wide) > width)
          process.stderr.write(`${folder} ${name}: ${wide} px wide\n`)
        await page.screenshot({ path: file(`${name}.png`), fullPage: true })
        if (width === 1280 && colorScheme === "dark")
          await page.pdf({ path: file("printed.pdf"), format: "A4" })
        await page.close()
      }
  } finally {
    await browser.close()
  }
  await run(["pdftoppm", "-r", "60", "-png", file("printed.pdf"), file("printed")])
}

const names = (text: string | undefined) =>
  (text ?? "").split(",").filter((name) => name !== "")

if (import.meta.main) {
  const [data, out, sets, only] = process.argv.slice(2)
  if (data === undefined || out === undefined)
    throw new Error("lookAtReports.ts <STACK_DATA> <folder> [sets] [templates]")
  await look(data, out, names(sets), names(only))
}
