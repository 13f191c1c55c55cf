import { ClickHouse } from "@analytics/database/ClickHouse"
import { exposed } from "@analytics/observability/exposed"
import { Effect, Layer, Metric, Schedule } from "effect"
import { AccountingRepo } from "./AccountingRepo.ts"

const drift = exposed(
  Metric.gauge("ingest.store.drift", {
    description:
      "Events in the event store less those the ledger calls stored; while batches are under way, up to their size"
  })
)

/** Compares the event store's own count with the ledger once a minute. */
export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const repo = yield* AccountingRepo
    const clickhouse = yield* ClickHouse
    yield* Effect.gen(function* () {
      const stored = yield* repo.stored
      const [row] = yield* clickhouse.query<{ events: string }>(
        "SELECT count() AS events FROM events"
      )
      yield* Metric.update(drift, Number(row?.events ?? 0) - stored)
    }).pipe(
      // The gauge keeps its last value: whoever watches it must learn that it stands still.
      Effect.tapError((error) =>
        Effect.logWarning("the drift between the stores cannot be measured", error)
      ),
      Effect.ignore,
      Effect.withSpan("Drift.measure"),
      Effect.repeat(Schedule.spaced("1 minute")),
      Effect.forkScoped
    )
  })
)
