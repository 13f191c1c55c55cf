import { Effect, Option, Redacted, Schema } from "effect"
import { type HttpClient, HttpClientRequest } from "effect/http"
import { call, send } from "../ApiClient.ts"
import type { Target } from "../Target.ts"
import { type Finding, failure, ok, warning } from "./Finding.ts"

type Check = Effect.Effect<Finding, never, HttpClient.HttpClient>

const NotReady = Schema.fromJsonString(
  Schema.Struct({ failing: Schema.Array(Schema.String) })
)

/** Whether a service runs and reaches what it depends on. */
export const checkService = (name: string, url: string): Check =>
  send(HttpClientRequest.get(`${url}/readyz`)).pipe(
    Effect.map(({ status, text }) => {
      if (status === 200) return ok(name, `ready at ${url}`)
      const problem = Schema.decodeUnknownOption(NotReady)(text)
      const failing = Option.isSome(problem) ? problem.value.failing : []
      return failing.length === 0
        ? failure(name, `answers ${status}`, "wait, or look into its log")
        : failure(
            name,
            `no answer from ${failing.join(", ")}`,
            `see whether ${failing.join(" and ")} run, and the URLs it was given`
          )
    }),
    Effect.catch((error) =>
      Effect.succeed(
        failure(name, error.message, `start it (make start), or look at its log`)
      )
    )
  )

const MAX_SKEW = 5000

/** Whether two machines agree on the time: verdicts on events depend on it. */
export const checkClock = (name: string, url: string): Check =>
  send(HttpClientRequest.get(`${url}/livez`)).pipe(
    Effect.map(({ headers }) => {
      const told = Date.parse(headers["date"] ?? "")
      // The header has whole seconds.
      const skew = Number.isNaN(told) ? 0 : Math.abs(Date.now() - told)
      return skew <= MAX_SKEW
        ? ok("clock", `${name} and this machine agree`)
        : warning(
            "clock",
            `${name} is ${Math.round(skew / 1000)} s away from this machine`,
            "let both synchronise their clocks (NTP)"
          )
    }),
    Effect.catch(() =>
      Effect.succeed(warning("clock", `${name} cannot be asked`, "see above"))
    )
  )

const Accounting = Schema.Struct({
  accepted: Schema.Int,
  stored: Schema.Int,
  quarantined: Schema.Int,
  pending: Schema.Int,
  balanced: Schema.Boolean
})

/** Whether every acknowledged event of the project is somewhere. */
export const checkAccounting = (target: Target, key: Redacted.Redacted): Check =>
  call(
    "GET",
    `${target.ingestion}/v1/accounting`,
    Redacted.value(key),
    Accounting
  ).pipe(
    Effect.map(({ accepted, balanced, pending, quarantined, stored }) => {
      const detail = `${accepted} accepted: ${stored} stored, ${quarantined} quarantined, ${pending} pending`
      if (!balanced)
        return failure(
          "accounting",
          `does not balance: ${detail}`,
          "events are missing or counted twice: keep the logs and the inbox, and find out before anything is removed"
        )
      return quarantined > 0
        ? warning(
            "accounting",
            `balances; ${detail}`,
            "GET /v1/quarantine says why, and replays what was mended"
          )
        : ok("accounting", `balances; ${detail}`)
    }),
    Effect.catch((error) =>
      Effect.succeed(
        failure(
          "accounting",
          error.message,
          "see data-ingestion, and whether the key is of this installation"
        )
      )
    )
  )

const Shards = Schema.Struct({
  shards: Schema.Array(
    Schema.Struct({
      virtualShards: Schema.Int,
      waiting: Schema.Int,
      arriving: Schema.Int
    })
  ),
  log: Schema.Struct({
    kind: Schema.String,
    waiting: Schema.Int,
    lost: Schema.Int
  })
})

/** What waits for loaders: in the inbox, and in a log before it. */
export const checkLoading = ({ adminKey, ingestion }: Target): Check =>
  call("GET", `${ingestion}/internal/v1/shards`, Redacted.value(adminKey), Shards).pipe(
    Effect.map(({ log, shards }) => {
      const used = shards.filter(({ virtualShards }) => virtualShards > 0).length
      const waiting = shards.reduce((sum, each) => sum + each.waiting, 0)
      const inLog =
        log.kind === "postgres" ? "" : `, ${log.waiting} frames in ${log.kind}`
      const detail = `${used} shard${used === 1 ? "" : "s"}, ${waiting} events wait in the inbox${inLog}`
      if (log.lost > 0)
        return failure(
          "loading",
          `${log.kind} removed ${log.lost} frames before they were copied; ${detail}`,
          "these events are gone: make the topic's retention longer (docs/operations/kafka.md), and look why loaders were away"
        )
      const arriving = shards.reduce((sum, each) => sum + each.arriving, 0)
      return arriving > 0
        ? warning(
            "loading",
            `${arriving} virtual shards wait for the shards they come from; ${detail}`,
            "it passes once these are done; see whether loaders run: bun run cli shards"
          )
        : ok("loading", detail)
    }),
    Effect.catch((error) =>
      Effect.succeed(failure("loading", error.message, "see the log of data-ingestion"))
    )
  )

const Answer = Schema.Struct({
  meta: Schema.Struct({
    ingestLagMs: Schema.Finite,
    elapsedMs: Schema.Finite,
    warnings: Schema.Array(Schema.String)
  })
})

const MAX_LAG = 60_000

/** Whether questions are answered, and from how fresh data. */
export const checkQueries = (target: Target, key: Redacted.Redacted): Check =>
  call("POST", `${target.api}/v1/query`, Redacted.value(key), Answer, {
    kind: "trends",
    range: "today",
    interval: "none",
    series: [{ measure: "total" }]
  }).pipe(
    Effect.map(({ meta: { elapsedMs, ingestLagMs, warnings } }) => {
      const detail = `answered in ${Math.round(elapsedMs)} ms from data ${(ingestLagMs / 1000).toFixed(1)} s old`
      return ingestLagMs > MAX_LAG || warnings.length > 0
        ? warning(
            "queries",
            [detail, ...warnings].join("; "),
            "the loader is behind or away: see its log and GET /metrics"
          )
        : ok("queries", detail)
    }),
    Effect.catch((error) =>
      Effect.succeed(
        failure(
          "queries",
          error.message,
          "see analytics-api, and whether the key is of this installation"
        )
      )
    )
  )

const Index = Schema.Array(
  Schema.Struct({
    name: Schema.String,
    version: Schema.String,
    state: Schema.String,
    reason: Schema.String
  })
)

/** Whether every version that is to answer does: those with an alias, or loaded by name. */
export const checkModels = (url: string, key: Redacted.Redacted): Check =>
  call("POST", `${url}/v2/repository/index`, Redacted.value(key), Index, {}).pipe(
    Effect.map((entries) => {
      const away = entries.filter(({ state }) => state !== "READY")
      const detail = `${entries.length - away.length} of ${entries.length} versions ready`
      const [first] = away
      return first === undefined
        ? ok("models", detail)
        : warning(
            "models",
            `${detail}; version ${first.version} of ${first.name}: ${first.reason === "" ? first.state : first.reason}`,
            `see the log of ml-inference, and whether the file is there (docs/models.md); model rollback ${first.name} goes back`
          )
    }),
    Effect.catch((error) =>
      Effect.succeed(
        failure(
          "models",
          error.message,
          "see ml-inference, and whether the key has the scope predict"
        )
      )
    )
  )
