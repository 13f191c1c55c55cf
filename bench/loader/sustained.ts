import { Loader } from "@analytics/data-ingestion/loader/Loader"
import { loaderLayer } from "@analytics/data-ingestion/loader/layers"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect } from "effect"
import { eventOf, receive, stores } from "./stores.ts"

/**
 * How many events a second a loader moves from a full inbox to the event store, exact
 * duplicates check included: `bun bench/loader/sustained.ts [events] [sent again, 0 to 1]`.
 */
const EVENTS = Number(process.argv[2] ?? 600_000)
const AGAIN = Number(process.argv[3] ?? 0.02)
/** What a busy receiver puts into one row. */
const ROW_EVENTS = 1_000
const TWENTY_DAYS = 20 * 86_400_000

const fill = Effect.gen(function* () {
  const now = Date.now()
  let bytes = 0
  for (let at = 0; at < EVENTS; at += ROW_EVENTS) {
    const events = Array.from({ length: Math.min(ROW_EVENTS, EVENTS - at) }, (_, i) => {
      const again = at > 0 && i < ROW_EVENTS * AGAIN
      return eventOf(again ? i : at + i, now - TWENTY_DAYS * (1 - at / EVENTS))
    })
    bytes += yield* receive(events)
  }
  return bytes
})

const program = Effect.gen(function* () {
  const bytes = yield* fill
  yield* Effect.log(`${EVENTS} events of ${Math.round(bytes / EVENTS)} bytes`)
  const loader = yield* Loader
  const cpu = process.cpuUsage()
  const start = performance.now()
  yield* loader.drain
  const seconds = (performance.now() - start) / 1000
  const used = process.cpuUsage(cpu)
  const clickHouse = yield* ClickHouse
  const [stored] = yield* clickHouse.query<{ n: string; messages: string }>(
    "SELECT count() AS n, uniqExact(project_id, message_id) AS messages FROM events"
  )
  yield* Effect.log("loaded").pipe(
    Effect.annotateLogs({
      eventsPerSecond: Math.round(EVENTS / seconds),
      seconds,
      loaderCpuSeconds: (used.user + used.system) / 1e6,
      stored,
      memoryMiB: Math.round(process.memoryUsage.rss() / 1024 / 1024)
    })
  )
})

Effect.runPromise(
  program.pipe(Effect.provide(loaderLayer(0)), Effect.provide(stores), Effect.scoped)
)
