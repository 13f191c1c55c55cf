import { expect } from "bun:test"
import type { QueryContext } from "@analytics/analytics-core/query/Compiled"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect } from "effect"
import { ROWS_FORMAT, type RowsStatement } from "../../src/features/featureRows.ts"
import { type RowBatch, RowReader } from "../../src/features/RowReader.ts"
import type { ReferenceRow } from "./oracle.ts"
import type { World } from "./World.ts"
import { WATERMARK } from "./worlds.ts"

export const contextOf = (projectId: number, world: World): QueryContext => ({
  projectId,
  timezone: "UTC",
  now: WATERMARK,
  watermark: WATERMARK,
  hasLinks: world.links.length > 0,
  removals: world.erased.length > 0
})

/** The rows of all statements, in their order. */
export const askRows = Effect.fnUntraced(function* (
  statements: ReadonlyArray<RowsStatement>,
  features: number,
  carried: "label" | "ids"
) {
  const clickhouse = yield* ClickHouse
  const rows: Array<ReferenceRow & { readonly cut: number }> = []
  for (const { cut, params, sql } of statements) {
    const bytes = yield* clickhouse.bytes(sql, { params, format: ROWS_FORMAT })
    const reader = new RowReader({ features, with: carried })
    // Answers come cut anywhere.
    for (const batch of [0, 1].map((half) => {
      const middle = Math.floor(bytes.length / 3)
      return reader.read(
        half === 0 ? bytes.subarray(0, middle) : bytes.subarray(middle)
      )
    }))
      rows.push(...rowsIn(batch).map((row) => ({ ...row, cut })))
    expect(reader.isWhole).toBe(true)
  }
  return rows
})

const rowsIn = (batch: RowBatch): ReadonlyArray<ReferenceRow> =>
  Array.from({ length: batch.rows }, (_, row) => {
    const id = batch.ids[row]
    return {
      person: batch.people[row] ?? 0n,
      label: batch.labels[row] ?? 0,
      features: batch.columns.map((column) => column[row] ?? 0),
      id: id && (id.userId === "" ? id.anonymousId : id.userId)
    }
  })
