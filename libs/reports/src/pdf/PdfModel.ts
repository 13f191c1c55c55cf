import type { SetMarkdown } from "./pdfMarkdown.ts"
import type { TablePart } from "./tableParts.ts"

/** A heading, which is also in the outline, and what is said beneath it. */
export interface Titled {
  readonly title: string
  /** From 1; none is skipped. */
  readonly level: number
  readonly rtl: boolean
  readonly description: string
}

export interface MetricCard {
  readonly title: string
  readonly rtl: boolean
  readonly value: string
  /** Points of the type of `value`. */
  readonly size: number
  readonly change: {
    readonly tone: "good" | "bad" | "neutral"
    readonly text: string
    readonly rest: string
  } | null
  /** Lines of points, from 0 to 1 across and up; a gap begins a new one. */
  readonly sparkline: ReadonlyArray<ReadonlyArray<readonly [number, number]>>
}

export type PdfBlock =
  | { readonly type: "markdown"; readonly nodes: ReadonlyArray<SetMarkdown> }
  | (Titled & { readonly type: "heading" })
  /** `path` names a file; points. */
  | (Titled & {
      readonly type: "figure"
      readonly path: string
      readonly alt: string
      readonly width: number
      readonly height: number
      /** Its numbers, when they are so few that they stand on the same page. */
      readonly parts: ReadonlyArray<TablePart>
    })
  | { readonly type: "part"; readonly part: TablePart }
  | { readonly type: "note"; readonly text: string }
  | {
      readonly type: "metrics"
      readonly columns: number
      readonly metrics: ReadonlyArray<MetricCard>
    }
  | { readonly type: "page-break" }
  | (Titled & { readonly type: "failed"; readonly detail: string })

/** What `report.typ` reads: a report in which every text is as it is shown. */
export interface PdfModel {
  /** One page as high as needed, for a picture. */
  readonly picture: boolean
  readonly title: string
  /** The title on one line, as windows and lists of files show it. */
  readonly documentTitle: string
  readonly titleRtl: boolean
  /** "" for none, as everywhere here. */
  readonly subtitle: string
  readonly runningTitle: string
  readonly project: string
  readonly footer: string
  readonly facts: ReadonlyArray<readonly [string, string]>
  readonly notices: ReadonlyArray<{
    readonly kind: "incomplete" | "revised" | "cached" | "warning"
    readonly label: string
    readonly text: string
  }>
  /** Year to second, in UTC. */
  readonly date: ReadonlyArray<number>
  /** ISO 639 and ISO 3166 of the locale. */
  readonly lang: string
  readonly region: string | null
  readonly rtl: boolean
  readonly paper: "a4" | "us-letter"
  /** Of a picture, in points. */
  readonly width: number
  readonly fonts: ReadonlyArray<string>
  readonly monoFonts: ReadonlyArray<string>
  /** Whether a table of contents stands on the first page. */
  readonly contents: boolean
  readonly sections: ReadonlyArray<{
    readonly landscape: boolean
    readonly blocks: ReadonlyArray<PdfBlock>
  }>
}
