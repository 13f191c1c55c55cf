import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect } from "effect"
import { away } from "../export/away.ts"
import { WatermarkClient } from "../export/WatermarkClient.ts"

/** What of a project is being erased, and when something went last. */
export const removalsOf = Effect.fnUntraced(function* (projectId: number) {
  const clickhouse = yield* ClickHouse
  const rows = yield* clickhouse
    .query<{ removal: string }>(
      "SELECT DISTINCT removal FROM removals WHERE project_id = {project:UInt32}",
      { params: { project: projectId } }
    )
    .pipe(Effect.mapError(away))
  // What is done already is no longer there.
  const changedAt = yield* (yield* WatermarkClient).changedAt(projectId)
  return [
    ...rows.map(({ removal }) => removal),
    ...(changedAt === null ? [] : [changedAt])
  ]
})
