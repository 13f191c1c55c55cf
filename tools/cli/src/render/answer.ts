import { Option, Schema } from "effect"
import { drawFunnel } from "../demo/drawFunnel.ts"
import { sparkline } from "./sparkline.ts"
import { printable, table } from "./table.ts"

const Value = Schema.Unknown
const Numbers = Schema.Array(Schema.NullOr(Schema.Finite))

const Trends = Schema.Struct({
  labels: Schema.Array(Schema.String),
  series: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      breakdown: Schema.NullOr(Schema.Array(Value)),
      other: Schema.Boolean,
      data: Numbers
    })
  )
})
const Funnel = Schema.Struct({
  groups: Schema.Array(
    Schema.Struct({
      breakdown: Schema.NullOr(Schema.Array(Value)),
      steps: Schema.Array(Schema.Struct({ event: Schema.String, count: Schema.Int }))
    })
  )
})
const Retention = Schema.Struct({
  cohorts: Schema.Array(
    Schema.Struct({
      start: Schema.String,
      size: Schema.Int,
      counts: Schema.Array(Schema.Int)
    })
  )
})
const Lifecycle = Schema.Struct({
  labels: Schema.Array(Schema.String),
  new: Numbers,
  returning: Numbers,
  resurrecting: Numbers,
  dormant: Numbers
})
const Sql = Schema.Struct({
  columns: Schema.Array(Schema.Struct({ name: Schema.String, type: Schema.String })),
  rows: Schema.Array(Schema.Array(Value))
})
const Record = Schema.Record(Schema.String, Value)
const Records = Schema.Array(Record)

const groupName = (breakdown: ReadonlyArray<unknown> | null, other = false): string => {
  if (other) return "other"
  return breakdown === null
    ? ""
    : breakdown
        .map((value) => (typeof value === "string" ? value : JSON.stringify(value)))
        .join(" / ")
}

const drawTrends = ({ labels, series }: typeof Trends.Type): string => {
  const lines = series.map(({ breakdown, data, name, other }) => [
    name,
    groupName(breakdown, other),
    sparkline(data),
    data.at(-1) ?? null
  ])
  const chart = table(["series", "group", "over time", "last"], lines)
  const isOne = series.length === 1
  const one = series[0]
  return isOne && one !== undefined
    ? `${chart}\n${table(
        ["bucket", one.name],
        labels.map((label, index) => [label, one.data[index] ?? null])
      )}`
    : `${labels[0] ?? ""} … ${labels.at(-1) ?? ""}\n${chart}`
}

const drawRetention = ({ cohorts }: typeof Retention.Type): string => {
  const periods = Math.max(0, ...cohorts.map(({ counts }) => counts.length))
  return table(
    ["cohort", "size", ...Array.from({ length: periods }, (_, period) => `${period}`)],
    cohorts.map(({ counts, size, start }) => [
      start.slice(0, 16).replace("T", " "),
      size,
      ...Array.from({ length: periods }, (_, period) => {
        const count = counts[period]
        if (count === undefined || size === 0) return ""
        return `${Math.round((100 * count) / size)} %`
      })
    ])
  )
}

const drawRecords = (records: ReadonlyArray<typeof Record.Type>): string => {
  const head = [...new Set(records.flatMap((record) => Object.keys(record)))]
  return records.length === 0
    ? "nothing"
    : table(
        head,
        records.map((record) => head.map((name) => record[name] ?? null))
      )
}

/** Everything else: its single values, then each list of records as a table. */
const drawAny = (result: typeof Record.Type): string => {
  const lists = Object.entries(result).flatMap(([name, value]) => {
    const records = Schema.decodeUnknownOption(Records)(value)
    return Option.isSome(records) ? [[name, records.value] as const] : []
  })
  const names = new Set(lists.map(([name]) => name))
  const single = Object.entries(result).filter(([name]) => !names.has(name))
  return [
    ...(single.length > 0 ? [table(["", ""], single)] : []),
    ...lists.map(([name, records]) => `${name}\n${drawRecords(records)}`)
  ].join("\n")
}

const drawings = {
  trends: drawing(Trends, drawTrends),
  funnel: drawing(Funnel, ({ groups }) =>
    groups
      .map(({ breakdown, steps }) =>
        [
          ...(breakdown === null ? [] : [printable(groupName(breakdown))]),
          drawFunnel(steps.map((step) => ({ ...step, event: printable(step.event) })))
        ].join("\n")
      )
      .join("\n")
  ),
  retention: drawing(Retention, drawRetention),
  lifecycle: drawing(Lifecycle, (result) =>
    table(
      ["bucket", "new", "returning", "resurrecting", "dormant"],
      result.labels.map((label, index) => [
        label,
        result.new[index] ?? null,
        result.returning[index] ?? null,
        result.resurrecting[index] ?? null,
        result.dormant[index] ?? null
      ])
    )
  ),
  sql: drawing(Sql, ({ columns, rows }) =>
    table(
      columns.map(({ name }) => name),
      rows
    )
  )
} satisfies Record<string, (result: unknown) => string | undefined>

function drawing<A>(schema: Schema.Codec<A, unknown>, draw: (result: A) => string) {
  const decode = Schema.decodeUnknownOption(schema)
  return (result: unknown): string | undefined =>
    Option.getOrUndefined(Option.map(decode(result), draw))
}

/** The result of a query as tables and small charts; JSON where it has no such form. */
export const drawAnswer = (kind: string, result: unknown): string => {
  const known = Object.entries(drawings).find(([name]) => name === kind)?.[1]
  const any = Schema.decodeUnknownOption(Record)(result)
  return (
    known?.(result) ??
    (Option.isSome(any) ? drawAny(any.value) : JSON.stringify(result, null, 2))
  )
}
