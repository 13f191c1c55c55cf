import type { QueryContext } from "@analytics/analytics-core/query/Compiled"
import {
  type EventsPart,
  eventsByDay,
  eventsCount
} from "@analytics/analytics-core/query/export/exportedEvents"
import { LATEST, render, type Sql } from "@analytics/analytics-core/query/Sql"
import { ExportConfig } from "@analytics/config/ExportConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect, Option, Schema } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import { JobFailed } from "../../jobs/JobType.ts"
import { away } from "./away.ts"
import { cutParts, type DayCount } from "./cutParts.ts"
import type { ExportedWhat, Payload } from "./ExportPayload.ts"
import { eventsFile } from "./eventsFile.ts"
import { fileName, isThere, writeFile } from "./files.ts"
import { ExportedFile } from "./Manifest.ts"

/** How often files are written again because events went away meanwhile. */
const MOST_ROUNDS = 5

const Hash = Schema.BigIntFromString
const Plan = Schema.Struct({
  parts: Schema.Array(
    Schema.Struct({
      from: Schema.Int,
      to: Schema.Int,
      hashes: Schema.optionalKey(Schema.Struct({ first: Hash, last: Hash }))
    })
  ),
  events: Schema.Int
})

/** What an export of events is about, in every run of its job. */
interface Asked {
  readonly payload: Payload
  readonly events: ExportedWhat
  readonly context: QueryContext
  readonly folder: string
}

/**
 * The events as of a watermark, in files that a restart does not write again. What is
 * erased meanwhile is in none of them when this ends: a part that lost events is written
 * again.
 */
export const exportEvents = Effect.fn("Export.events")(function* (asked: Asked) {
  const { checkpoint, log, progress, step } = yield* JobRun
  const kept = checkpoint("plan", Plan)
  const plan = yield* step(
    "plan",
    Plan,
    Effect.gen(function* () {
      const known = yield* kept.read
      if (Option.isSome(known)) return known.value
      const made = yield* planOf(asked)
      yield* kept.save(made)
      return made
    })
  )
  const total = plan.events
  const counted = { done: 0 }
  const tell = (rows: number) => {
    counted.done += rows
    return progress({ done: counted.done, total, unit: "rows" })
  }
  const fileOf = (index: number) => checkpoint(`file ${index}`, ExportedFile)

  const write = Effect.fnUntraced(function* (part: EventsPart, index: number) {
    // Counted before: what goes away in between then shows as a difference.
    const rows = yield* countOf(asked, part)
    const { compression = "none", format, formulaGuard = false } = asked.payload
    const name = fileName("events", index, { format, compression })
    const bytes = eventsFile(format, asked.events, part, asked.context, formulaGuard)
    const written = yield* writeFile(
      asked.folder + name,
      { compression, format },
      bytes
    )
    const file = { name, rows, ...written }
    yield* fileOf(index).save(file)
    return file
  })

  yield* step(
    "files",
    Schema.Void,
    Effect.forEach(
      plan.parts,
      (part, index) =>
        Effect.gen(function* () {
          const before = yield* fileOf(index).read
          const file = Option.isSome(before) ? before.value : yield* write(part, index)
          yield* tell(file.rows)
        }),
      { discard: true }
    )
  )

  const check = Effect.fnUntraced(function* (part: EventsPart, index: number) {
    const file = yield* fileOf(index).read
    if (Option.isSome(file)) {
      const rows = yield* countOf(asked, part)
      if (rows === file.value.rows && (yield* isThere(asked.folder, file.value)))
        return { file: file.value, isNew: false }
    }
    return { file: yield* write(part, index), isNew: true }
  })

  return yield* step(
    "check",
    Schema.Array(ExportedFile),
    Effect.gen(function* () {
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const checked = yield* Effect.forEach(plan.parts, check)
        const again = checked.filter(({ isNew }) => isNew).length
        if (again === 0) return checked.map(({ file }) => file)
        yield* log("info", "files were written again: events or files were erased", {
          files: again
        })
      }
      return yield* new JobFailed({
        detail:
          "Events or files went away as fast as they were written. Start the export again when erasures have ended."
      })
    })
  )
})

const planOf = Effect.fnUntraced(function* (asked: Asked) {
  const { from, to } = asked.events
  const range = {
    from: from === undefined ? 0 : Date.parse(from),
    to: to === undefined ? LATEST : Date.parse(to)
  }
  const rows = yield* ask(eventsByDay(asked.events, range, asked.context))
  const days: ReadonlyArray<DayCount> = rows.map(([day, events]) => ({
    day: Number(day),
    events: Number(events)
  }))
  return {
    parts: cutParts(days, (yield* ExportConfig).fileEvents, range),
    events: days.reduce((sum, { events }) => sum + events, 0)
  }
})

const countOf = (asked: Asked, part: EventsPart) =>
  Effect.map(ask(eventsCount(asked.events, part, asked.context)), ([row]) =>
    Number(row?.[0] ?? 0)
  )

const ask = Effect.fnUntraced(function* (fragment: Sql) {
  const clickhouse = yield* ClickHouse
  const { params, sql } = render(fragment)
  const table = yield* Effect.mapError(clickhouse.table(sql, { params }), away)
  return table.rows
})
