import { EventsResult } from "@analytics/analytics-core/query/events/EventsRequest"
import { PathsResult } from "@analytics/analytics-core/query/paths/Paths"
import { PeopleResult } from "@analytics/analytics-core/query/people/PeopleRequest"
import { SqlResult } from "@analytics/analytics-core/query/sql/SqlRequest"
import { TrendsResult } from "@analytics/analytics-core/query/trends/TrendsResult"
import { Result, Schema } from "effect"
import type { Metric } from "../Chart.ts"
import { chartTable } from "../chart/chartTable.ts"
import type { Block } from "../ReportDocument.ts"
import type { ReportTable } from "../ReportTable.ts"
import {
  FunnelAnswer,
  LifecycleAnswer,
  RetentionAnswer,
  SessionsAnswer,
  StickinessAnswer
} from "./Answers.ts"
import type { Asked } from "./Asked.ts"
import { drawFunnel } from "./funnel.ts"
import { drawPaths } from "./paths.ts"
import { drawLifecycle, drawSessions, drawStickiness } from "./people.ts"
import { drawRetention } from "./retention.ts"
import type { Drawn } from "./seriesChart.ts"
import { eventsTable, peopleTable, sqlTable } from "./tables.ts"
import { drawTrends } from "./trends.ts"

type Shape = { readonly drawn: Drawn } | { readonly table: ReportTable }

const shape =
  <A, I>(result: Schema.Codec<A, I>, of: (asked: Asked, read: A) => Shape) =>
  (asked: Asked): Result.Result<Shape, string> =>
    Result.match(Schema.decodeUnknownResult(result)(asked.answer.result), {
      onFailure: () => Result.fail("Its answer cannot be read."),
      onSuccess: (read) => Result.succeed(of(asked, read))
    })

const drawing =
  <A>(draw: (asked: Asked, read: A) => Drawn) =>
  (asked: Asked, read: A): Shape => ({ drawn: draw(asked, read) })

/** Every kind of `/v1/query`, in the form that suits it. */
const shapes: Readonly<Record<string, (asked: Asked) => Result.Result<Shape, string>>> =
  {
    trends: shape(TrendsResult, drawing(drawTrends)),
    funnel: shape(FunnelAnswer, drawing(drawFunnel)),
    retention: shape(RetentionAnswer, drawing(drawRetention)),
    sessions: shape(SessionsAnswer, drawing(drawSessions)),
    paths: shape(
      PathsResult,
      drawing((_, read) => drawPaths(read))
    ),
    stickiness: shape(StickinessAnswer, drawing(drawStickiness)),
    lifecycle: shape(LifecycleAnswer, drawing(drawLifecycle)),
    people: shape(PeopleResult, (_, read) => ({ table: peopleTable(read) })),
    events: shape(EventsResult, (_, read) => ({ table: eventsTable(read) })),
    sql: shape(SqlResult, (_, read) => ({ table: sqlTable(read) }))
  }

const shapeOf = (asked: Asked): Result.Result<Shape, string> =>
  shapes[asked.answer.kind]?.(asked) ??
  Result.fail(`An answer of the kind ${asked.answer.kind} cannot be shown.`)

const failed = (title: string, detail: string): Block => ({
  type: "failed",
  title,
  detail
})

const described = (...texts: ReadonlyArray<string | undefined>) => {
  const text = texts.filter((it) => it !== undefined && it !== "").join(" ")
  return text === "" ? {} : { description: text }
}

/** What a report says about an answer. One that cannot be read is a `failed` block. */
export const blockOf = (asked: Asked): Block => {
  const { description, title } = asked
  return Result.match(shapeOf(asked), {
    onFailure: (detail) => failed(title, detail),
    onSuccess: (it): Block => {
      if ("table" in it)
        return { type: "table", title, ...described(description), table: it.table }
      const { chart, remark, whole } = it.drawn
      if (asked.shown?.form === "table")
        return {
          type: "table",
          title,
          ...described(description),
          table: chartTable(whole)
        }
      return {
        type: "chart",
        title,
        ...described(description, remark),
        chart,
        ...(asked.table === true
          ? { table: chartTable(whole) }
          : chart === whole || chart.form === "number"
            ? {}
            : { numbers: chartTable(whole) })
      }
    }
  })
}

/** The same as one number; undefined: an answer that is none. */
export const metricOf = (asked: Asked): Metric | undefined =>
  Result.match(shapeOf({ ...asked, shown: { ...asked.shown, form: "number" } }), {
    onFailure: () => undefined,
    onSuccess: (it) =>
      "drawn" in it && it.drawn.chart.form === "number" ? it.drawn.chart : undefined
  })
