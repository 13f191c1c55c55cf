import { breakdownValue } from "../breakdownValue.ts"
import type { QueryContext, Row } from "../Compiled.ts"
import { writeCursor } from "../Cursor.ts"
import type { Value } from "../Values.ts"
import type { ListedSession, SessionsResult, ValueCount } from "./Sessions.ts"

type Rows = ReadonlyArray<Row>

export const decodeSummary = (
  row: Row
): Pick<
  SessionsResult,
  "count" | "people" | "bounceRate" | "durationsSeconds" | "eventsPerSession"
> => {
  const count = Number(row["sessions"] ?? 0)
  const statistics = (name: string, unit: number) => {
    const [median, p95] = [row[`${name}_quantiles`]].flat()
    const of = (value: unknown) => (count === 0 ? null : Number(value) / unit)
    return { mean: of(row[`${name}_mean`]), median: of(median), p95: of(p95) }
  }
  return {
    count,
    people: Number(row["people"] ?? 0),
    bounceRate: count === 0 ? null : Number(row["bounces"]) / count,
    durationsSeconds: statistics("duration", 1000),
    eventsPerSession: statistics("events", 1)
  }
}

export const decodeEnds = (
  rows: Rows,
  kind: Value["kind"]
): Pick<SessionsResult, "entry" | "exit"> => {
  const side = (wanted: number): ReadonlyArray<ValueCount> =>
    rows
      .filter((row) => Number(row["side"]) === wanted)
      .map((row) => ({
        value: breakdownValue(kind, String(row["value"])),
        count: Number(row["sessions"])
      }))
  return { entry: side(0), exit: side(1) }
}

/** The rows of a page and, if there is one, the first of the next. */
export const decodePage = (
  rows: Rows,
  kind: Value["kind"],
  limit: number,
  { now, watermark }: QueryContext
): Required<Pick<SessionsResult, "sessions" | "nextCursor">> => {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    sessions: shown.map((row) => listed(row, kind)),
    nextCursor:
      rows.length > limit && last
        ? writeCursor({
            asOf: watermark,
            now,
            after: [Number(last["started"]), String(last["person_id"])]
          })
        : null
  }
}

const listed = (row: Row, kind: Value["kind"]): ListedSession => {
  const [started, ended] = [Number(row["started"]), Number(row["ended"])]
  return {
    personId: String(row["person_id"]),
    start: new Date(started).toISOString(),
    end: new Date(ended).toISOString(),
    durationSeconds: (ended - started) / 1000,
    events: Number(row["events"]),
    entry: breakdownValue(kind, String(row["entry"])),
    exit: breakdownValue(kind, String(row["exit"]))
  }
}
