import { ReportConfig } from "@analytics/config/ReportConfig"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Clock, Duration, Effect, Stream } from "effect"
import { RunFiles } from "../files/RunFiles.ts"
import { RunRepo } from "../runs/RunRepo.ts"

/** Clocks of hosts and of object stores are not the same. */
const MARGIN = Duration.toMillis("1 day")

/** Removes runs that are older than they are kept. Files first: a row tells of its files. */
export const removeOldRuns = Effect.gen(function* () {
  const repo = yield* RunRepo
  const files = yield* RunFiles
  const { retention } = yield* ReportConfig
  for (;;) {
    const old = yield* repo.older(Duration.toMillis(retention))
    if (old.length === 0) return
    yield* Effect.forEach(old, files.remove, { concurrency: 4, discard: true })
    yield* repo.remove(old.map(({ id }) => id))
  }
}).pipe(Effect.withSpan("Removal.removeOldRuns"))

/**
 * Removes files that no run can have any more: none is older than its run, so what is
 * older than runs are kept was left by a process that ended half way.
 */
export const removeOldFiles = Effect.gen(function* () {
  const store = yield* ObjectStore
  const { retention } = yield* ReportConfig
  const end = (yield* Clock.currentTimeMillis) - Duration.toMillis(retention) - MARGIN
  const old = yield* Stream.runCollect(
    store
      .list("reports/")
      .pipe(Stream.filter(({ modifiedAt }) => modifiedAt.getTime() < end))
  )
  for (const { key } of old) yield* store.remove(key)
}).pipe(Effect.withSpan("Removal.removeOldFiles"))
