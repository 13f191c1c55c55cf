import { type QueryContext, statement } from "@analytics/analytics-core/query/Compiled"
import type { Cohort } from "@analytics/analytics-core/query/cohort/cohortSql"
import { cohortMembers } from "@analytics/analytics-core/query/cohort/cohortSql"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Context, Duration, Effect, Layer } from "effect"
import { QueriesUnavailable, QueryTooLarge } from "../../query/QueryProblems.ts"
import { LONGEST } from "./refreshLimits.ts"

const MEMORY_LIMIT_EXCEEDED = 241
const GRACE = Duration.seconds(5)
/** Whoever waits for an answer goes first. */
const PRIORITY = "10"

type Problem = QueriesUnavailable | QueryTooLarge

/** The people of cohorts as refreshes found them, beside the events. */
export class CohortPeopleRepo extends Context.Service<
  CohortPeopleRepo,
  {
    /** Writes the members at the context's watermark as this version; how many they are. */
    write(
      context: QueryContext,
      cohort: Cohort,
      version: string
    ): Effect.Effect<number, Problem>
    remove(
      projectId: number,
      versions: ReadonlyArray<string>
    ): Effect.Effect<void, Problem>
  }
>()("@analytics/analytics-api/cohorts/refresh/CohortPeopleRepo") {
  static readonly layer = Layer.effect(
    CohortPeopleRepo,
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const { memoryLimit } = yield* QueryConfig
      const longest = Duration.fromInputUnsafe(LONGEST)
      const settings = {
        max_execution_time: Duration.toSeconds(longest),
        max_memory_usage: String(memoryLimit),
        max_threads: 1,
        priority: PRIORITY
      }
      return CohortPeopleRepo.of({
        write: Effect.fn("CohortPeopleRepo.write")(
          function* (context, cohort, version) {
            const members = statement("members", cohortMembers(context, cohort))
            yield* clickhouse.command(
              `INSERT INTO cohort_people (project_id, cohort, version, as_of, person)
               SELECT {project:UInt32}, {cohort:UUID}, {version:UUID},
                      fromUnixTimestamp64Milli({at:Int64}, 'UTC'), person
                 FROM (${members.sql})`,
              {
                params: {
                  ...members.params,
                  project: context.projectId,
                  cohort: cohort.id,
                  version,
                  at: context.watermark
                },
                settings,
                timeout: Duration.sum(longest, GRACE)
              }
            )
            const [row] = yield* clickhouse.query<{ people: string }>(
              `SELECT count() AS people FROM cohort_people
                WHERE project_id = {project:UInt32} AND cohort = {cohort:UUID}
                  AND version = {version:UUID}`,
              { params: { project: context.projectId, cohort: cohort.id, version } }
            )
            return Number(row?.people ?? 0)
          },
          Effect.catchTag("ClickHouseError", (error) => refused(error, memoryLimit))
        ),
        remove: Effect.fn("CohortPeopleRepo.remove")(
          (projectId: number, versions: ReadonlyArray<string>) =>
            clickhouse.command(
              clickhouse.topology.alter(
                "cohort_people",
                `DELETE WHERE project_id = {project:UInt32}
                    AND version IN {versions:Array(UUID)}`
              ),
              { params: { project: projectId, versions } }
            ),
          Effect.catchTag("ClickHouseError", (error) => refused(error, memoryLimit))
        )
      })
    })
  )
}

const refused = (
  error: ClickHouseError,
  memoryLimit: number
): Effect.Effect<never, Problem> =>
  Effect.logError("people of a cohort could not be kept", error).pipe(
    Effect.andThen(Effect.fail(problemOf(error, memoryLimit)))
  )

const problemOf = (error: ClickHouseError, memoryLimit: number): Problem => {
  if (error.code === MEMORY_LIMIT_EXCEEDED)
    return new QueryTooLarge({
      detail: `Finding its people needs more than the ${Math.round(memoryLimit / 2 ** 20)} MiB that a query may use (QUERY_MEMORY_LIMIT).`
    })
  return new QueriesUnavailable({
    detail:
      error.kind === "timeout"
        ? `Finding its people took longer than ${LONGEST}.`
        : "The event store did not take its people."
  })
}
