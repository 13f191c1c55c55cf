import { IdHash } from "@analytics/data-processing/IdHash"
import { PARSER_VERSION } from "@analytics/data-processing/InboxEvent"
import { ClickHouse } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Installation } from "@analytics/database/Installation"
import { Context, Effect, Layer, Metric, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { KnownRemovals } from "../removals/KnownRemovals.ts"
import type { Batch } from "./Batch.ts"
import { BatchPlan } from "./BatchPlan.ts"
import { BatchRepo, FETCH_ROWS } from "./BatchRepo.ts"
import { Countries } from "./Countries.ts"
import { EventNames } from "./EventNames.ts"
import type { LedgerUnavailable } from "./LoaderErrors.ts"
import * as LoaderMetrics from "./LoaderMetrics.ts"
import { SeenStore } from "./SeenStore.ts"
import { ShardLease } from "./ShardLease.ts"

/** Suspects held at a time; their events are in memory until they are looked up. */
const MOST_SUSPECTS = 20_000

/** How long a loader may not know of names that others have stored. */
const READ_NAMES_EVERY = "1 minute"

/** Names of events that are no tracks. */
const OWN_NAMES = new Set(["$pageview", "$screen", "$identify", "$group", "$alias"])

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
      const removals = yield* KnownRemovals
      const sql = yield* SqlClient.SqlClient
      const { shard } = yield* ShardLease
      const idHash = new IdHash(Redacted.value((yield* Installation).idHashKey))
      const names = new EventNames()
      yield* readNames(names)
      names.takeCrowded()
      // So that other loaders' names count, too, where there are any.
      yield* sql`SELECT 1 FROM ingest.shard_map WHERE shard <> ${shard} LIMIT 1`.pipe(
        Effect.flatMap((others) =>
          others.length > 0 ? readNames(names) : Effect.void
        ),
        // Until the next look a name that only others stored may count as new.
        Effect.ignore({ log: "Warn", message: "event names were not read again" }),
        Effect.delay(READ_NAMES_EVERY),
        Effect.forever,
        Effect.forkScoped
      )

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
            if (ahead.claims.has(words, from)) claimed.add(words, from)
        plan.settle(claimed)
      })

      const planOnce = Effect.fnUntraced(function* (
        batch: Batch,
        ahead: BatchPlan | undefined,
        present: ReadonlySet<string> | undefined,
        unreadable: Map<string, string>
      ) {
        const tools = {
          idHash,
          names,
          countryOf: countries.of,
          mayBeSeen: seen.mayHave,
          ...(yield* removals.upTo(batch.removalsTo))
        }
        const plan = new BatchPlan(batch, tools, present, unreadable)
        for (let at = 0; at < batch.inboxIds.length; at += FETCH_ROWS) {
          const ids = batch.inboxIds.slice(at, at + FETCH_ROWS)
          const rows = yield* batches.frames(batch, ids)
          const found = new Set(rows.map(({ id }) => id))
          if (ids.some((id) => !found.has(id)))
            return yield* Effect.die(
              new Error(`batch ${batch.batchId}: inbox rows are missing`)
            )
          for (const row of rows) {
            const lines = unpacked(row.frame)
            if (lines === undefined) plan.loseRow(row)
            else plan.addRow(row, lines)
            // The insert that runs meanwhile needs its turn.
            yield* Effect.yieldNow
          }
          if (plan.suspectCount >= MOST_SUSPECTS) yield* settle(plan, batch, ahead)
        }
        yield* settle(plan, batch, ahead)
        return plan
      })

      const planned = Effect.fnUntraced(function* (
        ...[batch, ahead, present]: Parameters<Planner["Service"]["plan"]>
      ) {
        const unreadable = new Map<string, string>()
        for (;;) {
          const plan = yield* planOnce(batch, ahead, present, unreadable)
          // With what could not be encoded known, the next plan leaves it out.
          if (!plan.isVoid) return plan
        }
      })

      /** What somebody must look at. */
      const report = Effect.fnUntraced(function* (batch: Batch, plan: BatchPlan) {
        for (const projectId of names.takeCrowded()) {
          yield* Metric.update(LoaderMetrics.crowdedProjects, 1)
          yield* Effect.logWarning("a project has more than 2,000 event names").pipe(
            Effect.annotateLogs({ project_id: projectId })
          )
        }
        yield* Metric.update(LoaderMetrics.enrichmentFailures, plan.enrichmentFailures)
        const kept = plan.quarantined.filter(({ reason }) => reason === "unreadable")
        if (kept.length === 0 && plan.lostEvents === 0) return
        yield* Metric.update(LoaderMetrics.unreadable, kept.length + plan.lostEvents)
        yield* Effect.logError("inbox rows hold what cannot be read").pipe(
          Effect.annotateLogs({
            batch_id: String(batch.batchId),
            kept: kept.length,
            lost: plan.lostEvents
          })
        )
      })

      return Planner.of({
        plan: Effect.fn("Planner.plan")(function* (batch, ahead, present) {
          if (batch.parserVersion !== PARSER_VERSION)
            return yield* Effect.die(
              new Error(
                `batch ${batch.batchId} has parser version ${batch.parserVersion}`
              )
            )
          const plan = yield* planned(batch, ahead, present)
          yield* report(batch, plan)
          return plan
        })
      })
    })
  )
}

const unpacked = (frame: Uint8Array<ArrayBuffer>): Uint8Array | undefined => {
  try {
    return Bun.zstdDecompressSync(frame)
  } catch {
    return undefined
  }
}

/** Answered by the projection that counts events, so that no start reads all of them. */
export const NAMES_SQL =
  "SELECT project_id, event FROM events GROUP BY project_id, event"

/** Adds the names that are stored already. */
const readNames = Effect.fnUntraced(function* (names: EventNames) {
  const clickHouse = yield* ClickHouse
  const { rows } = yield* clickHouse.table(NAMES_SQL)
  for (const [projectId, name] of rows)
    if (!OWN_NAMES.has(String(name))) names.admit(Number(projectId), String(name))
})
