import { ClickHouse } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Context, Duration, Effect, Layer, Schedule } from "effect"
import type { ProjectId } from "../projects/Project.ts"
import { QueriesUnavailable } from "../query/QueryProblems.ts"
import type { CohortId } from "./Cohort.ts"

/** Of an insert, and again of stopping it. */
const PATIENCE = Duration.seconds(10)

/** A change of a static list. */
export interface MemberChange {
  readonly projectId: ProjectId
  readonly cohort: CohortId
  readonly idHashes: ReadonlyArray<bigint>
  /** In microseconds since 1970. */
  readonly changedAt: bigint
  readonly isMember: boolean
}

/** Members of static lists, beside the events they narrow. */
export class MemberRepo extends Context.Service<
  MemberRepo,
  {
    /**
     * Sent again after an unclear end, it changes nothing more. Within 20 seconds it is
     * written or will not be.
     */
    record(change: MemberChange): Effect.Effect<void, QueriesUnavailable>
    /** Changes that a list has had, counted per id. */
    changes(
      projectId: ProjectId,
      cohort: CohortId
    ): Effect.Effect<number, QueriesUnavailable>
  }
>()("@analytics/analytics-api/cohorts/MemberRepo") {
  static readonly layer = Layer.effect(
    MemberRepo,
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      return MemberRepo.of({
        record: Effect.fn("MemberRepo.record")(
          (change: MemberChange) => {
            const queryId = crypto.randomUUID()
            const insert = clickhouse.insert({
              queryId,
              timeout: PATIENCE,
              settings: { max_execution_time: Duration.toSeconds(PATIENCE) },
              table: "cohort_ids",
              columns: ["project_id", "cohort", "id_hash", "changed_at", "is_member"],
              format: "JSONCompactEachRow",
              body: change.idHashes
                .map((hash) =>
                  JSON.stringify([
                    change.projectId,
                    change.cohort,
                    String(hash),
                    microseconds(change.changedAt),
                    change.isMember ? 1 : 0
                  ])
                )
                .join("\n")
            })
            // What is written later would change answers that were given. While the store
            // cannot be reached its own limit of time ends the insert.
            const stop = clickhouse
              .killAndWait(queryId)
              .pipe(
                Effect.retry(Schedule.spaced("1 second")),
                Effect.timeout(PATIENCE),
                Effect.ignore
              )
            return Effect.tapError(insert, () => stop)
          },
          Effect.catchTag("ClickHouseError", refused),
          Effect.asVoid
        ),
        changes: Effect.fn("MemberRepo.changes")(
          (projectId: ProjectId, cohort: CohortId) =>
            clickhouse.query<{ rows: string }>(
              "SELECT count() AS rows FROM cohort_ids WHERE project_id = {project:UInt32} AND cohort = {cohort:UUID}",
              { params: { project: projectId, cohort } }
            ),
          Effect.catchTag("ClickHouseError", refused),
          Effect.map(([row]) => Number(row?.rows ?? 0))
        )
      })
    })
  )
}

/** `2026-11-23 02:00:00.000001`, as the store reads it. */
const microseconds = (since1970: bigint): string => {
  const ms = new Date(Number(since1970 / 1000n)).toISOString().slice(0, -1)
  return `${ms.replace("T", " ")}${String(since1970 % 1000n).padStart(3, "0")}`
}

const refused = (error: ClickHouseError) =>
  Effect.logError("members of a cohort could not be kept", error).pipe(
    Effect.andThen(Effect.fail(new QueriesUnavailable({})))
  )
