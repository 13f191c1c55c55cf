import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect, Schedule, Stream } from "effect"
import { ClickHouse } from "../src/ClickHouse.ts"

const running = Effect.fnUntraced(function* (queryId: string) {
  const clickhouse = yield* ClickHouse
  const rows = yield* clickhouse.query(
    "SELECT 1 FROM system.processes WHERE Settings['log_comment'] = {id:String}",
    { params: { id: queryId } }
  )
  return rows.length > 0
})

/** Rows without end, some of them at once. */
const endless = "SELECT number FROM system.numbers"

describe("a stream of an answer", () => {
  const it = withLayer(TestClickHouse.client)

  it.effect("holds the whole answer", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const text = yield* clickhouse
        .stream("SELECT number AS n FROM numbers(100000)", { format: "JSONEachRow" })
        .pipe(Stream.decodeText, Stream.mkString)
      const lines = text.trimEnd().split("\n")
      expect(lines.length).toBe(100_000)
      expect(lines.at(-1)).toBe('{"n":"99999"}')
    })
  )

  it.effect("ends its query when nobody takes the rest", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const queryId = crypto.randomUUID()
      yield* clickhouse
        .stream(endless, { format: "JSONEachRow", queryId })
        .pipe(Stream.take(1), Stream.runDrain)
      yield* running(queryId).pipe(
        Effect.repeat({ while: (alive) => alive, schedule: Schedule.spaced(50) }),
        Effect.timeout("30 seconds")
      )
    })
  )

  it.effect("fails when the answer breaks off", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const error = yield* clickhouse
        .stream(
          "SELECT number, throwIf(number = 3000000, 'broken') FROM numbers(4000000)",
          { format: "JSONEachRow", settings: { max_threads: 1 } }
        )
        .pipe(Stream.runDrain, Effect.flip)
      expect(error.code).toBe(395)
      expect(error.reason).toContain("broken")
    })
  )
})
