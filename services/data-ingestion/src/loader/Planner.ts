import { IdHash } from "@analytics/data-processing/IdHash"
import { ClickHouse } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Installation } from "@analytics/database/Installation"
import { Context, Effect, Layer, Metric, Redacted } from "effect"
import type { Batch } from "./Batch.ts"
import { BatchPlan } from "./BatchPlan.ts"
import { BatchRepo, FETCH_ROWS } from "./BatchRepo.ts"
import { Countries } from "./Countries.ts"
import { EventNames } from "./EventNames.ts"
import type { LedgerUnavailable } from "./LoaderErrors.ts"
import * as LoaderMetrics from "./LoaderMetrics.ts"
import { SeenStore } from "./SeenStore.ts"

/** Suspects held at a time; their events are in memory until they are looked up. */
const MOST_SUSPECTS = 20_000

/** Reads the frames of a batch and decides what is to become of every event. */
export class Planner extends Context.Service<
  Planner,
  {
    /**
     * @param ahead the batch being stored now: its claims are remembered, but may not be
     *   in the store yet
     * @param present messages that an earlier attempt has stored
     */
    plan(
      batch: Batch,
      ahead?: BatchPlan,
      present?: ReadonlySet<string>
    ): Effect.Effect<BatchPlan, LedgerUnavailable | ClickHouseError>
  }
>()("@analytics/data-ingestion/loader/Planner") {
  static readonly layer = Layer.effect(
    Planner,
    Effect.gen(function* () {
      const batches = yield* BatchRepo
      const seen = yield* SeenStore
      const countries = yield* Countries
      const idHash = new IdHash(Redacted.value((yield* Installation).idHashKey))
      const names = yield* loadNames

      /** Looks up all suspects: first in the batch ahead, then in the table. */
      const settle = Effect.fnUntraced(function* (
        plan: BatchPlan,
        batch: Batch,
        ahead: BatchPlan | undefined
      ) {
        if (plan.suspectCount === 0) return
        const words = plan.suspectWords()
        const claimed = yield* seen.claimedByOthers(words, batch.batchId)
        if (ahead !== undefined)
          for (let from = 0; from < words.length; from += 4)
            if (ahead.claims(words, from)) claimed.add(words, from)
        plan.settle(claimed)
      })

      return Planner.of({
        plan: Effect.fn("Planner.plan")(function* (batch, ahead, present) {
          const plan = new BatchPlan(
            batch,
            {
              idHash,
              names,
              countryOf: countries.of,
              mayBeSeen: seen.mayHave
            },
            present
          )
          for (let at = 0; at < batch.inboxIds.length; at += FETCH_ROWS) {
            const ids = batch.inboxIds.slice(at, at + FETCH_ROWS)
            const rows = yield* batches.frames(batch, ids)
            if (rows.length < ids.length)
              return yield* Effect.die(
                new Error(`batch ${batch.batchId}: inbox rows are missing`)
              )
            for (const { id, frame } of rows) {
              plan.addRow(id, Bun.zstdDecompressSync(frame))
              // The insert that runs meanwhile needs its turn.
              yield* Effect.yieldNow
            }
            if (plan.suspectCount >= MOST_SUSPECTS) yield* settle(plan, batch, ahead)
          }
          yield* settle(plan, batch, ahead)
          for (const projectId of names.takeCrowded()) {
            yield* Metric.update(LoaderMetrics.crowdedProjects, 1)
            yield* Effect.logWarning("a project has more than 2,000 event names").pipe(
              Effect.annotateLogs({ project_id: projectId })
            )
          }
          yield* Metric.update(
            LoaderMetrics.enrichmentFailures,
            plan.enrichmentFailures
          )
          return plan
        })
      })
    })
  )
}

/** The names that are stored already, counted by a projection. */
const loadNames = Effect.gen(function* () {
  const clickHouse = yield* ClickHouse
  const names = new EventNames()
  const { rows } = yield* clickHouse.table(
    `SELECT project_id, event FROM events
      WHERE event NOT IN ('$pageview', '$screen', '$identify', '$group', '$alias')
      GROUP BY project_id, event`
  )
  for (const [projectId, name] of rows) names.admit(Number(projectId), String(name))
  names.takeCrowded()
  return names
})
