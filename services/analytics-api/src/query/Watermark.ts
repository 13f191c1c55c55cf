import { askedAgain } from "@analytics/api-common/outgoing/askedAgain"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { Clock, Context, Effect, Layer, Redacted, Ref, Schema } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientRequest,
  HttpClientResponse
} from "effect/http"
import { QueriesUnavailable } from "./QueryProblems.ts"

/** Up to which instant everything is stored. In epoch milliseconds. */
export interface KnownWatermark {
  readonly watermark: number
  readonly ingestLagMs: number
  /** Whether data-ingestion could not be asked, and this is what it last said. */
  readonly isStale: boolean
  /**
   * Projects of which something is being erased or expires. Absent unless data-ingestion
   * said so just now: then the event store has to be asked.
   */
  readonly removing?: ReadonlySet<number>
}

const Published = Schema.Struct({
  watermark: Schema.DateFromString,
  ingestLagMs: Schema.Finite,
  /** null: too many to list. */
  removing: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.Int)))
})

const RETRY_AFTER = 1000

/** Asks data-ingestion for the watermark; while it is down, the last known one serves. */
export class Watermark extends Context.Service<
  Watermark,
  {
    readonly current: Effect.Effect<KnownWatermark, QueriesUnavailable>
    /** One that reaches this instant, without asking if that is known; else the current. */
    atLeast(
      instant: number | undefined
    ): Effect.Effect<KnownWatermark, QueriesUnavailable>
  }
>()("@analytics/analytics-api/query/Watermark") {
  static readonly layer = Layer.effect(
    Watermark,
    Effect.gen(function* () {
      const { dataIngestionUrl } = yield* QueryConfig
      const { serviceKey } = yield* AccessConfig
      const http = (yield* HttpClient.HttpClient).pipe(
        HttpClient.filterStatusOk,
        askedAgain
      )
      const lastKnown = yield* Ref.make<KnownWatermark | undefined>(undefined)

      const ask = HttpClientRequest.get(
        `${dataIngestionUrl.replace(/\/$/u, "")}/internal/v1/watermark`
      ).pipe(
        HttpClientRequest.bearerToken(Redacted.value(serviceKey)),
        http.execute,
        Effect.flatMap(HttpClientResponse.schemaBodyJson(Published)),
        Effect.timeout("2 seconds")
      )

      const failedAt = yield* Ref.make(Number.NEGATIVE_INFINITY)

      const remembered = Effect.fnUntraced(function* (cause: unknown) {
        yield* Ref.set(failedAt, yield* Clock.currentTimeMillis)
        yield* Effect.logWarning("data-ingestion does not tell the watermark", cause)
        const known = yield* Ref.get(lastKnown)
        if (!known)
          return yield* new QueriesUnavailable({
            detail: "It is not known yet up to which instant events are stored."
          })
        return yield* stale(known)
      })

      const stale = (known: KnownWatermark) =>
        Effect.map(Clock.currentTimeMillis, (now) => ({
          ...known,
          ingestLagMs: now - known.watermark,
          isStale: true
        }))

      const current = Effect.gen(function* () {
        const last = yield* Ref.get(lastKnown)
        const silentFor = (yield* Clock.currentTimeMillis) - (yield* Ref.get(failedAt))
        // While it is down, not every query waits to learn so.
        if (last && silentFor < RETRY_AFTER) return yield* stale(last)
        const { watermark, ingestLagMs, removing } = yield* ask
        const known = { watermark: watermark.getTime(), ingestLagMs, isStale: false }
        // An answer that overtook a newer one must not take the watermark back.
        yield* Ref.update(lastKnown, (last) =>
          last && last.watermark > known.watermark ? last : known
        )
        return removing == null ? known : { ...known, removing: new Set(removing) }
      }).pipe(
        Effect.catchTags({
          HttpClientError: remembered,
          SchemaError: remembered,
          TimeoutError: remembered
        }),
        Effect.withSpan("Watermark.current")
      )
      return Watermark.of({
        current,
        atLeast: (instant) =>
          Effect.flatMap(Ref.get(lastKnown), (known) =>
            known && instant !== undefined && instant <= known.watermark
              ? Effect.succeed(known)
              : current
          )
      })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}
