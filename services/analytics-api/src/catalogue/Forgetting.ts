import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../ControlUnavailable.ts"
import { CohortRefreshRepo } from "../cohorts/refresh/CohortRefreshRepo.ts"
import { QueriesUnavailable } from "../query/QueryProblems.ts"
import { BatchCountsRepo } from "./BatchCountsRepo.ts"
import { type Counts, MAX_NAMES, MAX_PAIRS, MAX_PROPERTIES } from "./counts.ts"

export interface Forgotten {
  /** Example values that were taken anew, and names that nothing has any more. */
  readonly examples: number
  readonly names: number
  /** Answers of queries that nobody waited for, and of saved questions. */
  readonly answers: number
}

/** What is kept of events beside them, after some of them went. */
export class Forgetting extends Context.Service<
  Forgetting,
  {
    /**
     * Takes the example values of a project from what is stored now, drops names that
     * nothing has any more, and removes answers that are kept. Counts stay. People of
     * cohorts that were materialised before are not used any more.
     */
    forget(
      projectId: number
    ): Effect.Effect<Forgotten, ControlUnavailable | QueriesUnavailable>
  }
>()("@analytics/analytics-api/catalogue/Forgetting") {
  static readonly layer = Layer.effect(
    Forgetting,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const store = yield* BatchCountsRepo
      const refreshes = yield* CohortRefreshRepo

      /** Names beyond what is listed may be there, too. */
      const dropNames = Effect.fnUntraced(function* (id: bigint, found: Counts) {
        const gone = []
        if (found.events.length < MAX_NAMES)
          gone.push(sql`
            DELETE FROM control.catalogue_events
             WHERE project_id = ${id}
               AND name <> ALL(${found.events.map(({ name }) => name)}::text[])
            RETURNING 1`)
        if (found.properties.length < MAX_PROPERTIES)
          gone.push(sql`
            DELETE FROM control.catalogue_properties
             WHERE project_id = ${id}
               AND property <> ALL(${found.properties.map((each) => each.property)}::text[])
            RETURNING 1`)
        if (found.pairs.length < MAX_PAIRS)
          gone.push(sql`
            DELETE FROM control.catalogue_event_properties AS p
             WHERE project_id = ${id}
               AND NOT EXISTS (
                 SELECT 1 FROM unnest(
                   ${found.pairs.map(({ event }) => event)}::text[],
                   ${found.pairs.map(({ property }) => property)}::text[])
                   AS f (event, property)
                  WHERE f.event = p.event AND f.property = p.property)
            RETURNING 1`)
        return (yield* Effect.all(gone)).reduce((sum, rows) => sum + rows.length, 0)
      })

      /** First, because counting a large project takes long, and may have to be repeated. */
      const dropAnswers = Effect.fn("Forgetting.dropAnswers")(function* (
        projectId: number
      ) {
        const answers = yield* sql`
          DELETE FROM control.query_runs WHERE project_id = ${BigInt(projectId)}
          RETURNING 1`.pipe(
          within("1 minute"),
          Effect.catchTag("SqlError", unavailable)
        )
        const kept = yield* sql`
          DELETE FROM control.kept_results WHERE project_id = ${BigInt(projectId)}
          RETURNING 1`.pipe(
          within("1 minute"),
          Effect.catchTag("SqlError", unavailable)
        )
        yield* refreshes.retireAll(projectId)
        return answers.length + kept.length
      })

      return Forgetting.of({
        forget: Effect.fn("Forgetting.forget")(
          function* (projectId) {
            const id = BigInt(projectId)
            // Nobody counts meanwhile: what is counted later is found here, too.
            yield* sql`SELECT 1 FROM control.catalogue_progress FOR UPDATE`
            const found = yield* store.countAll(projectId)
            const shown = found.properties.filter(({ examples }) => examples.length > 0)
            const examples = yield* sql`
              UPDATE control.catalogue_properties AS p
                 SET examples = coalesce((
                   SELECT ARRAY(SELECT json_array_elements_text(f.examples::json))
                     FROM unnest(
                       ${shown.map(({ property }) => property)}::text[],
                       ${shown.map((each) => JSON.stringify(each.examples))}::text[])
                       AS f (property, examples)
                    WHERE f.property = p.property), '{}')
               WHERE project_id = ${id}
              RETURNING 1`
            const names = yield* dropNames(id, found)
            return { examples: examples.length, names }
          },
          sql.withTransaction,
          within("15 minutes"),
          Effect.catchTags({
            SqlError: unavailable,
            ClickHouseError: (error) =>
              Effect.logError("the catalogue could not forget", error).pipe(
                Effect.andThen(Effect.fail(new QueriesUnavailable({})))
              )
          }),
          (counted, projectId) =>
            Effect.gen(function* () {
              const answers = yield* dropAnswers(projectId)
              const forgotten = yield* counted
              return { ...forgotten, answers }
            })
        )
      })
    })
  )
}
