import { existsSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { parse } from "csv-parse/sync"
import type { Client, Project } from "../e2e/Client.ts"
import type { RunningStack } from "../e2e/RunningStack.ts"
import { runImport } from "./Cli.ts"
import { type SnowplowRow, snowplowEvents } from "./snowplow.ts"

/** The data sets are not part of the repository; see docs/testing.md. */
export const datasets = join(import.meta.dir, "../../../shared/datasets")
export const hasDatasets = existsSync(datasets)

/** What a template is told for a data set, and when its report is made. */
export interface Telling {
  /** When ranges such as `last_week` end, ISO 8601. */
  readonly at: string
  readonly parameters?: Readonly<Record<string, string>>
}

/** A data set as a project, and the reports that are made of it. */
export interface RealSet {
  readonly id: string
  /** Name of its project. */
  readonly name: string
  /** Told to every template. */
  readonly common: Readonly<Record<string, string>>
  readonly reports: Readonly<Record<string, Telling>>
  /** Writes what is imported into the folder, when that is not the set's own file. */
  readonly prepare: (folder: string) => Promise<string>
  readonly args: ReadonlyArray<string>
}

const own = (name: string) => async () => join(datasets, name)

const unpacked = async (name: string) =>
  new TextDecoder().decode(gunzipSync(await Bun.file(join(datasets, name)).bytes()))

const retailLines = async (): Promise<
  ReadonlyArray<Readonly<Record<string, string>>>
> => parse(await unpacked("online_retail_sample30k.csv.gz"), { columns: true })

const written = async (file: string, events: ReadonlyArray<object>) => {
  await Bun.write(file, events.map((event) => JSON.stringify(event)).join("\n"))
  return file
}

export const realSets: ReadonlyArray<RealSet> = [
  {
    id: "cdnow",
    name: "CDNOW",
    common: { locale: "en-US", timezone: "America/New_York" },
    reports: {
      "weekly-product": { at: "1997-03-26T15:00:00Z" },
      revenue: { at: "1997-04-01T12:00:00Z", parameters: { currency: "USD" } },
      retention: { at: "1997-04-01T12:00:00Z" },
      "data-quality": { at: "1997-04-01T12:00:00Z" }
    },
    prepare: own("CDNOW_master.txt.gz"),
    args: [
      ...["--format", "columns", "--event", "purchase"],
      ...["--user-column", "customer_id", "--timestamp-column", "date"],
      ...["--timestamp-format", "yyyyMMdd", "--time-offset=-05:00"],
      ...["--numbers", "number_of_cds,dollar_value"]
    ]
  },
  {
    id: "retail",
    name: "Online Retail",
    common: { locale: "en-GB", timezone: "Europe/London" },
    reports: {
      "weekly-product": { at: "2011-11-30T09:00:00Z" },
      revenue: {
        at: "2011-12-01T09:00:00Z",
        parameters: { currency: "GBP", range: "last_month", breakdown: "Country" }
      },
      retention: {
        at: "2011-12-01T09:00:00Z",
        parameters: { interval: "month" }
      },
      "data-quality": { at: "2011-12-01T09:00:00Z" }
    },
    // Its amounts are not in the file: lines have a quantity and a price of one.
    prepare: async (folder) =>
      written(
        join(folder, "retail.ndjson"),
        (await retailLines()).map((row) => {
          const { CustomerID = "", InvoiceDate = "", ...rest } = row
          const quantity = Number(rest["Quantity"])
          const price = Number(rest["UnitPrice"])
          return {
            type: "track",
            event: quantity < 0 ? "Item Returned" : "Item Sold",
            userId: CustomerID.replace(/\.0$/, ""),
            timestamp: `${InvoiceDate.replace(" ", "T")}Z`,
            properties: {
              ...rest,
              Quantity: quantity,
              UnitPrice: price,
              LineTotal: Math.round(quantity * price * 100) / 100
            }
          }
        })
      ),
    args: []
  },
  {
    id: "snowplow",
    name: "Snowplow Web",
    common: { locale: "en" },
    reports: {
      "weekly-product": { at: "2021-03-08T08:00:00Z" },
      revenue: { at: "2021-03-08T08:00:00Z" },
      retention: { at: "2021-03-08T08:00:00Z", parameters: { interval: "day" } },
      "data-quality": { at: "2021-03-08T08:00:00Z" }
    },
    prepare: async (folder) => {
      const name = "snowplow-web-0.15.2/snowplow_web_events.csv"
      const rows: ReadonlyArray<SnowplowRow> = parse(
        await Bun.file(join(datasets, name)).text(),
        { columns: true }
      )
      return written(join(folder, "snowplow.ndjson"), snowplowEvents(rows))
    },
    args: []
  },
  {
    id: "apache",
    name: "Web Server",
    common: { locale: "fr", timezone: "Europe/Paris" },
    reports: {
      "weekly-product": {
        at: "2015-05-21T08:00:00Z",
        parameters: { range: "last_7d" }
      },
      revenue: { at: "2015-05-21T08:00:00Z" },
      retention: { at: "2015-05-21T08:00:00Z", parameters: { interval: "day" } },
      "data-quality": { at: "2015-05-21T08:00:00Z", parameters: { range: "last_7d" } }
    },
    prepare: own("apache_combined_semicomplete_2015.log"),
    args: []
  },
  {
    id: "sepsis",
    name: "Sepsis Cases",
    common: { locale: "nl", timezone: "Europe/Amsterdam" },
    reports: {
      "weekly-product": {
        at: "2014-09-01T08:00:00Z",
        parameters: { event: "Release A", breakdown: "org:group" }
      },
      revenue: { at: "2014-09-01T08:00:00Z" },
      retention: {
        at: "2014-09-01T08:00:00Z",
        parameters: { start: "ER Registration", return: "Return ER" }
      },
      "data-quality": { at: "2014-09-01T08:00:00Z" }
    },
    prepare: own("sepsis_event_log.csv.gz"),
    args: [
      ...["--delimiter", ";", "--event-column", "Activity"],
      ...["--user-column", "Case ID", "--timestamp-column", "Complete Timestamp"],
      ...["--timestamp-format", "yyyy/MM/dd HH:mm:ss.SSS", "--numbers", "Age,CRP"]
    ]
  }
]

/** A project of its own with the data set in it, all of it stored and known by name. */
export const importSet = async (
  stack: Pick<RunningStack, "data" | "file">,
  client: Client,
  set: RealSet,
  folder: string
): Promise<Project> => {
  const project = await client.createProject(set.name)
  const file = await set.prepare(folder)
  await runImport(stack, project.writeKey, file, set.args)
  const { balanced, stored } = await client.settled(project, 600_000)
  if (!balanced) throw new Error(`${set.name}: its accounting does not balance`)
  await catalogued(client, project, stored)
  return project
}

/** Templates choose by the catalogue, which follows what is stored. */
const catalogued = async (client: Client, project: Project, stored: number) => {
  const end = Date.now() + 120_000
  for (;;) {
    const url = `${client.api}/v1/catalogue/events?limit=1000`
    const { body } = await client.call("GET", url, project.secretKey)
    const { events } = body as {
      readonly events: ReadonlyArray<{ readonly count: number }>
    }
    if (events.reduce((sum, { count }) => sum + count, 0) >= stored) return
    if (Date.now() > end) throw new Error(`catalogue: ${JSON.stringify(body)}`)
    await Bun.sleep(250)
  }
}
