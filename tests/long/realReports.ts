import type { Client, Project } from "../e2e/Client.ts"
import type { RunningStack } from "../e2e/RunningStack.ts"
import type { RealSet, Telling } from "./realSets.ts"

export const formats = ["html", "pdf", "xlsx", "csv", "png", "json"] as const
export type Format = (typeof formats)[number]

export const templates = [
  "weekly-product",
  "revenue",
  "retention",
  "data-quality"
] as const

/** A file that reporting-engine made. */
export interface ReportFile {
  readonly format: Format
  readonly mediaType: string
  /** Of the name that it is to be saved by. */
  readonly extension: string
  readonly bytes: Uint8Array
}

/** reporting-engine over HTTP, with a project's secret key. */
export const makeReports = async (stack: Pick<RunningStack, "file">) => {
  const { services } = await stack.file()
  const url = services["reporting-engine"]
  const post = async (project: Project, path: string, body: object) => {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${project.secretKey}`
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(120_000)
    })
    if (response.ok) return response
    throw new Error(`${path}: ${response.status} ${await response.text()}`)
  }

  /** The id of a report made from a template. */
  const make = async (
    project: Project,
    template: string,
    parameters: Readonly<Record<string, string>>
  ): Promise<string> => {
    const response = await post(project, "/v1/reports", { template, parameters })
    const { id } = (await response.json()) as { readonly id: string }
    return id
  }

  const render = async (
    project: Project,
    report: string,
    format: Format,
    when: { readonly at: string; readonly asOf: string }
  ): Promise<ReportFile> => {
    const path = `/v1/reports/${report}/render?format=${format}`
    const response = await post(project, path, when)
    const named = response.headers.get("content-disposition") ?? ""
    return {
      format,
      mediaType: response.headers.get("content-type") ?? "",
      extension: /\.([a-z0-9]+)"?\s*(?:;|$)/u.exec(named)?.[1] ?? "",
      bytes: await response.bytes()
    }
  }
  return { make, render }
}

export type ReportsClient = Awaited<ReturnType<typeof makeReports>>

/** What everything known now is known as of. */
export const knownNow = async (client: Client, project: Project): Promise<string> => {
  const answer = await client.query(project, {
    kind: "trends",
    range: "today",
    interval: "none",
    series: [{ measure: "total" }]
  })
  if (answer.status !== 200) throw new Error(JSON.stringify(answer))
  return (answer.body as { readonly meta: { readonly asOf: string } }).meta.asOf
}

/** What a template of a data set is told, and when its report is made. */
export const told = (set: RealSet, template: string): Telling => {
  const telling = set.reports[template]
  if (telling === undefined) throw new Error(`${set.id} has no ${template}`)
  return { at: telling.at, parameters: { ...set.common, ...telling.parameters } }
}
