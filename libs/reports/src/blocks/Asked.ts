import type { Chart } from "../Chart.ts"
import type { Block } from "../ReportDocument.ts"
import type { ValueKind } from "../ReportTable.ts"

/** How an answer is to be shown; a form that does not suit its kind gives the kind's own. */
export interface Shown {
  readonly form?:
    | "line"
    | "area"
    | "bar"
    | "stacked"
    | "funnel"
    | "retention"
    | "paths"
    | "number"
    | "table"
  readonly values?: { readonly kind: ValueKind; readonly unit?: string }
  readonly better?: "more" | "less"
}

/** A note of the team on a moment, or a range of time. ISO 8601. */
export interface Note {
  readonly at: string
  readonly until?: string | null
  readonly text: string
}

/** A question, what was answered, and how to show it. */
export interface Asked {
  readonly title: string
  readonly description?: string
  /** The body of `POST /v1/query`. */
  readonly request: Readonly<Record<string, unknown>>
  readonly answer: {
    readonly kind: string
    readonly result: unknown
    /** ISO 8601: what is later than this is not known yet. */
    readonly asOf: string
  }
  /** The zone that buckets and days are of, IANA. */
  readonly timezone: string
  readonly shown?: Shown
  /** Its numbers as a table, too. */
  readonly table?: boolean
  readonly notes?: ReadonlyArray<Note>
}

export type Values = Extract<Chart, { readonly form: "number" }>["values"]

export type ChartBlock = Extract<Block, { readonly type: "chart" }>
