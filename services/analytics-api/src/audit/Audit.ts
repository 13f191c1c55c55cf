import { AuditConfig } from "@analytics/config/AuditConfig"
import { exposed } from "@analytics/observability/exposed"
import {
  type Cause,
  Context,
  DateTime,
  Duration,
  Effect,
  Fiber,
  Layer,
  Metric,
  Option,
  Queue,
  Schedule
} from "effect"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import type { AuditEntry, AuditFilter } from "./AuditEntry.ts"
import { AuditRepo, type StoredEntry } from "./AuditRepo.ts"

const dropped = exposed(
  Metric.counter("audit.entries.dropped", {
    description: "Entries that could not be written",
    incremental: true
  })
)

/** Entries that wait to be written, some MiB. */
const CAPACITY = 10_000
const BATCH = 500

export interface AuditPage {
  readonly entries: ReadonlyArray<StoredEntry>
  /** Where the next page begins; none after the last. */
  readonly nextCursor: string | null
}

/** Who read and wrote what. */
export class Audit extends Context.Service<
  Audit,
  {
    /** Returns at once; what the store cannot take in time is counted as dropped. */
    record(entry: AuditEntry): Effect.Effect<void>
    /** Newest first. */
    page(
      filter: AuditFilter,
      cursor: number | undefined,
      limit: number
    ): Effect.Effect<AuditPage, ControlUnavailable>
    /** Ends when everything recorded before is written or dropped. */
    readonly flush: Effect.Effect<void>
  }
>()("@analytics/analytics-api/audit/Audit") {
  static readonly layer = Layer.effect(
    Audit,
    Effect.gen(function* () {
      const repo = yield* AuditRepo
      const { retention } = yield* AuditConfig
      const queue = yield* Queue.dropping<AuditEntry | Waiter, Cause.Done>(CAPACITY)

      const lose = (count: number) => Metric.update(dropped, count)

      const write = Effect.fnUntraced(function* (
        batch: ReadonlyArray<AuditEntry | Waiter>
      ) {
        const entries = batch.filter(isEntry)
        if (entries.length > 0)
          yield* repo
            .insert(entries)
            .pipe(
              Effect.catchCause((cause) =>
                Effect.logError("audit entries were dropped", cause).pipe(
                  Effect.annotateLogs({ entries: entries.length }),
                  Effect.andThen(lose(entries.length))
                )
              )
            )
        for (const item of batch) if (!isEntry(item)) item.written()
      })

      const writer = yield* Queue.takeBetween(queue, 1, BATCH).pipe(
        Effect.flatMap(write),
        Effect.forever,
        Effect.catchTag("Done", () => Effect.void),
        Effect.forkDetach
      )
      // What waits when the process ends has a moment to be written.
      yield* Effect.addFinalizer(() =>
        Queue.end(queue).pipe(
          Effect.andThen(Fiber.join(writer)),
          Effect.timeoutOption("5 seconds"),
          Effect.flatMap((ended) =>
            Option.isSome(ended) ? Effect.void : Fiber.interrupt(writer)
          )
        )
      )

      yield* Effect.gen(function* () {
        const now = yield* DateTime.now
        return yield* repo.removeBefore(DateTime.subtractDuration(now, retention))
      }).pipe(
        Effect.repeat({ while: (removed) => removed > 0 }),
        Effect.catchCause((cause) =>
          Effect.logWarning("old audit entries were not removed", cause)
        ),
        Effect.repeat(Schedule.spaced(Duration.hours(1))),
        Effect.delay(Duration.minutes(1)),
        Effect.forkScoped
      )

      return Audit.of({
        record: (entry) =>
          Effect.suspend(() =>
            Queue.offerUnsafe(queue, entry) ? Effect.void : lose(1)
          ),
        page: Effect.fn("Audit.page")(function* (filter, cursor, limit) {
          const entries = yield* repo.page(filter, cursor, limit)
          const last = entries.length === limit ? entries.at(-1) : undefined
          return { entries, nextCursor: last ? String(last.id) : null }
        }),
        flush: Effect.callback<void>((resume) => {
          const entered = Queue.offerUnsafe(queue, {
            written: () => resume(Effect.void)
          })
          if (!entered) resume(Effect.void)
        })
      })
    })
  )
}

/** Somebody who waits until everything before it is written. */
interface Waiter {
  readonly written: () => void
}

const isEntry = (item: AuditEntry | Waiter): item is AuditEntry => "actor" in item
