import { Schema } from "effect"
import { Chart, Metric } from "./Chart.ts"
import { ReportTable } from "./ReportTable.ts"

const Instant = Schema.String

/** What a report says, with every number in it: the only input of every renderer. */
export const Block = Schema.Union([
  /** CommonMark with tables; HTML in it is text. */
  Schema.Struct({ type: Schema.Literal("markdown"), text: Schema.String }),
  Schema.Struct({
    type: Schema.Literal("chart"),
    title: Schema.String,
    description: Schema.optionalKey(Schema.String),
    chart: Chart,
    /** Also shown as a table beneath. */
    table: Schema.optionalKey(ReportTable),
    /** All its numbers, where the picture has room for some of them. */
    numbers: Schema.optionalKey(ReportTable)
  }),
  Schema.Struct({
    type: Schema.Literal("table"),
    title: Schema.String,
    description: Schema.optionalKey(Schema.String),
    table: ReportTable
  }),
  /** Numbers beside each other. */
  Schema.Struct({
    type: Schema.Literal("metrics"),
    metrics: Schema.Array(Schema.Struct({ title: Schema.String, metric: Metric }))
  }),
  Schema.Struct({ type: Schema.Literal("page-break") }),
  /** A section that could not be made: the report says so and why. */
  Schema.Struct({
    type: Schema.Literal("failed"),
    title: Schema.String,
    detail: Schema.String
  })
])
export type Block = typeof Block.Type

export const ReportDocument = Schema.Struct({
  title: Schema.String,
  subtitle: Schema.optionalKey(Schema.String),
  /** Name of the project. */
  project: Schema.String,
  /** IANA, and BCP 47: how instants and numbers are written. */
  timezone: Schema.String,
  locale: Schema.String,
  /** What is reported on: `[from, to)`. */
  from: Schema.optionalKey(Instant),
  to: Schema.optionalKey(Instant),
  /** The watermark: everything known then is in here, nothing later. */
  asOf: Instant,
  /**
   * What readers must know: that the data is not complete, that this is a revision and what
   * is different.
   */
  notices: Schema.Array(
    Schema.Struct({
      kind: Schema.Literals(["incomplete", "revised", "cached", "warning"]),
      text: Schema.String
    })
  ),
  blocks: Schema.Array(Block)
})
export type ReportDocument = typeof ReportDocument.Type

/**
 * Renderers are pure functions of a document: the same document gives the same bytes,
 * whenever and wherever. No clock, no randomness, no network, no fonts of the machine.
 */
export interface Rendered {
  /** IANA media type. */
  readonly mediaType: string
  /** Of a file: `html`, `pdf`, `xlsx`, `zip`, `png`, `json`. */
  readonly extension: string
  readonly bytes: Uint8Array
}
