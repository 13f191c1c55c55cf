import { Loader } from "@analytics/data-ingestion/loader/Loader"
import { loaderLayer } from "@analytics/data-ingestion/loader/layers"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { eventOf, receive, stores } from "./stores.ts"

/**
 * How long it takes from an acknowledged commit until its batch is done and its events can
 * be queried, under steady traffic: `bun bench/loader/freshness.ts [events a second]`.
 */
const RATE = Number(process.argv[2] ?? 5_000)
const COMMITS_A_SECOND = 50
const SECONDS = 10

const program = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const clickHouse = yield* ClickHouse
  const loader = yield* Loader
  yield* loader.run.pipe(Effect.forkScoped)
  const perCommit = Math.max(1, Math.round(RATE / COMMITS_A_SECOND))
  const begin = Date.now()
  let sent = 0
  for (let commit = 0; commit < SECONDS * COMMITS_A_SECOND; commit++) {
    yield* receive(Array.from({ length: perCommit }, () => eventOf(sent++, Date.now())))
    const ahead = begin + ((commit + 1) * 1000) / COMMITS_A_SECOND - Date.now()
    if (ahead > 0) yield* Effect.sleep(ahead)
  }
  const stored = clickHouse
    .query<{ n: string }>("SELECT count() AS n FROM events")
    .pipe(Effect.map(([row]) => Number(row?.n)))
  yield* stored.pipe(Effect.repeat({ until: (n) => n === sent }))
  yield* sql`SELECT 1 FROM ingest.batches WHERE done_at IS NULL`.pipe(
    Effect.repeat({ until: (open) => open.length === 0 })
  )
  const [delays] = yield* sql`
    SELECT round(1000 * percentile_cont(0.5) WITHIN GROUP (ORDER BY delay))::int AS p50_ms,
           round(1000 * percentile_cont(0.95) WITHIN GROUP (ORDER BY delay))::int AS p95_ms,
           round(1000 * max(delay))::int AS max_ms,
           count(DISTINCT batch_id)::int AS batches
      FROM (SELECT i.batch_id, extract(epoch FROM b.done_at - i.received_at) AS delay
              FROM ingest.inbox i JOIN ingest.batches b USING (batch_id)) AS d`
  yield* Effect.log("fresh").pipe(Effect.annotateLogs({ rate: RATE, ...delays }))
})

Effect.runPromise(
  program.pipe(Effect.provide(loaderLayer(0)), Effect.provide(stores), Effect.scoped)
)
