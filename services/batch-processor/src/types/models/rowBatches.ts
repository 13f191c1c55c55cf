import type { Statement } from "@analytics/analytics-core/query/Compiled"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { ROWS_FORMAT } from "@analytics/ml-models/features/featureRows"
import { type RowLayout, RowReader } from "@analytics/ml-models/features/RowReader"
import { Duration, Effect, Stream } from "effect"
import { JobUnavailable } from "../../jobs/JobType.ts"
import { away } from "../export/away.ts"

/** The store may look through years of events for the first row. */
export const LONGEST_READ = Duration.minutes(30)

/** The rows of a statement, as they come. */
export const rowBatches = ({ params, sql }: Statement, layout: RowLayout) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const reader = new RowReader(layout)
      return clickhouse
        .stream(sql, { params, format: ROWS_FORMAT, timeout: LONGEST_READ })
        .pipe(
          Stream.mapError(away),
          Stream.map((chunk) => reader.read(chunk)),
          Stream.filter(({ rows }) => rows > 0),
          Stream.concat(
            Stream.suspend(() => (reader.isWhole ? Stream.empty : Stream.fail(cutOff)))
          )
        )
    })
  )

const cutOff = new JobUnavailable({
  what: "ClickHouse",
  detail: "Its answer was cut off."
})
