import { type AttributeValue, durationOf, type Span } from "./Span.ts"
import type { Trace } from "./TraceStore.ts"

export interface Look {
  readonly color: boolean
  /** Characters of a line. */
  readonly width: number
}

/** Lines of one trace; the rest is counted. */
const MOST_LINES = 200
const BAR = 20
/** Of ANSI's 256, legible on dark and on light. */
const palette = [33, 35, 166, 133, 71, 178, 204, 99]

/** A trace as a tree: what called what, how long it took, and when in the whole. */
export const drawTrace = ({ spans, traceId }: Trace, look: Look): string => {
  const paint = painter(look.color)
  const ids = new Set(spans.map(({ spanId }) => spanId))
  const children = Map.groupBy(spans, ({ parentSpanId }) =>
    parentSpanId !== undefined && ids.has(parentSpanId) ? parentSpanId : ""
  )
  const [begin = 0n] = spans.map(({ start }) => start).sort(ascending)
  const end =
    spans
      .map((span) => span.end)
      .sort(ascending)
      .at(-1) ?? begin
  const total = Number(end - begin) / 1e6
  const services = [...new Set(spans.map(({ service }) => service))]
  const errors = spans.filter(({ error }) => error !== undefined).length
  const lines: Array<string> = []
  const seen = new Set<string>()

  const line = (span: Span, indent: string, branch: string) => {
    const isError = span.error !== undefined
    const took = milliseconds(durationOf(span)).padStart(9)
    const bar = barOf(span, begin, total)
    const name = `${indent}${branch}${oneLine(span.name)}`
    const about = [
      isError ? `✗ ${oneLine(span.error ?? "")}` : "",
      oneLine(facts(span))
    ]
      .filter(Boolean)
      .join("  ")
    const text = clip(`${name}  ${about}`.trimEnd(), look.width - BAR - 32)
    lines.push(
      `${took}  ${paint.bar(bar, isError)}  ${paint.service(oneLine(span.service))} ${isError ? paint.error(text) : text}`
    )
  }
  const draw = (span: Span, indent: string, branch: string, below: string) => {
    // What names itself or one below it as its parent would never end.
    if (seen.has(span.spanId)) return
    seen.add(span.spanId)
    if (lines.length < MOST_LINES) line(span, indent, branch)
    const own = children.get(span.spanId) ?? []
    own.forEach((child, at) => {
      const isLast = at === own.length - 1
      draw(child, indent + below, isLast ? "└ " : "├ ", isLast ? "  " : "│ ")
    })
  }
  for (const root of children.get("") ?? []) draw(root, "", "", "")
  const left = seen.size - lines.length
  const linked = new Set(
    spans.flatMap(({ links }) => links.map((link) => link.traceId))
  )
  linked.delete(traceId)
  return [
    `${paint.strong(`trace ${oneLine(traceId)}`)}  ${milliseconds(total)}  ${spans.length} spans  ${services.map(oneLine).join(", ")}${errors > 0 ? paint.error(`  ${errors} failed`) : ""}`,
    ...lines,
    ...(left > 0 ? [`           … and ${left} more spans`] : []),
    ...(linked.size > 0
      ? [`           linked with ${[...linked].slice(0, 5).map(oneLine).join(", ")}`]
      : [])
  ].join("\n")
}

/** What tells most about a span, in few words. */
const facts = ({ attributes, kind }: Span): string => {
  const told: Array<AttributeValue | undefined> = [
    attributes["http.response.status_code"],
    kind === "client" ? attributes["url.path"] : undefined,
    attributes["db.query.text"],
    counted(attributes["batch.events"] ?? attributes["ingest.events"], "events"),
    attributes["job.id"]
  ]
  return told.filter((it) => it !== undefined && it !== "").join(" ")
}

const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

const counted = (count: AttributeValue | undefined, what: string) =>
  count === undefined ? undefined : `${count} ${what}`

/** Without what would break the line, or command the terminal. */
const oneLine = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, " ").trim()

const barOf = ({ end, start }: Span, begin: bigint, total: number): string => {
  if (total === 0) return "█".padEnd(BAR)
  const at = (time: bigint) => (Number(time - begin) / 1e6 / total) * BAR
  const from = Math.min(Math.floor(at(start)), BAR - 1)
  const length = Math.max(1, Math.round(at(end)) - from)
  return (
    " ".repeat(from) + "█".repeat(length) + " ".repeat(Math.max(0, BAR - from - length))
  )
}

const milliseconds = (ms: number): string =>
  ms >= 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${ms.toFixed(ms < 10 ? 2 : 0)} ms`

const clip = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`

const painter = (color: boolean) => {
  const ink = (code: string, text: string) =>
    color ? `\u001b[${code}m${text}\u001b[0m` : text
  const known = new Map<string, number>()
  return {
    strong: (text: string) => ink("1", text),
    error: (text: string) => ink("31", text),
    bar: (text: string, isError: boolean) => ink(isError ? "31" : "2", text),
    service: (name: string) => {
      const at = known.get(name) ?? known.size
      known.set(name, at)
      return ink(`38;5;${palette[at % palette.length]}`, name.padEnd(16))
    }
  }
}
