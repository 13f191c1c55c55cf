import { describe, expect, it } from "bun:test"
import { HttpConfig } from "@analytics/config/HttpConfig"
import { PredictionLogConfig } from "@analytics/config/PredictionLogConfig"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Duration, Effect, Layer, Logger, Metric, Redacted } from "effect"
import { PredictionLog } from "../../src/predictionLog/PredictionLog.ts"
import { Ingestion } from "./Ingestion.ts"

const usual = {
  maxEvents: 10_000,
  maxBytes: 16 * 1024 * 1024,
  flushInterval: Duration.millis(5),
  patience: Duration.seconds(30)
}

interface Test {
  readonly ingestion: Ingestion
  readonly log: PredictionLog["Service"]
  /** Offers as many of a project, of `u0` and so on. */
  readonly offer: (projectId: number, count: number, model?: string) => void
}

interface Outcome {
  /** Messages that were logged, with what they say. */
  readonly lines: ReadonlyArray<string>
  /** What was dropped, by reason, and `logged`. */
  readonly counts: Readonly<Record<string, number>>
}

/** Runs a test, ends the process as it were, and says what had become of everything. */
const ended = async (
  test: (it: Test) => Effect.Effect<void>,
  {
    drainTimeout = Duration.seconds(20),
    ...over
  }: Partial<typeof usual & { drainTimeout: Duration.Duration }> = {}
): Promise<Outcome & { readonly ingestion: Ingestion }> => {
  const ingestion = new Ingestion()
  const lines: Array<string> = []
  const layer = PredictionLog.layer.pipe(
    Layer.provide(
      Layer.mergeAll(
        PredictionLogConfig.layerOf({ ...usual, ...over }),
        HttpConfig.layerOf({
          environment: "test",
          host: "127.0.0.1",
          port: 0,
          drainDelay: Duration.zero,
          drainTimeout
        }),
        ServicesConfig.layerOf({
          analyticsApiUrl: "http://127.0.0.1:9",
          dataIngestionUrl: ingestion.url,
          mlInferenceUrl: "http://127.0.0.1:9",
          serviceKey: Redacted.make("service")
        }),
        Logger.layer([
          Logger.map(Logger.formatJson, (line) => {
            lines.push(line)
          })
        ])
      )
    )
  )
  const program = Effect.gen(function* () {
    const log = yield* PredictionLog
    const offer = (projectId: number, count: number, model = "buys") => {
      for (let n = 0; n < count; n++)
        log.offer({ projectId, entity: `u${n}`, model, version: 2, probability: 0.25 })
    }
    yield* test({ ingestion, log, offer })
  }).pipe(Effect.provide(layer))
  const counts = await Effect.runPromise(
    Effect.andThen(
      program,
      Effect.map(Metric.snapshot, (all) =>
        Object.fromEntries(
          all.flatMap(({ attributes, id, state }) =>
            "count" in state && typeof state.count === "number"
              ? [[attributes?.["reason"] ?? id, state.count]]
              : []
          )
        )
      )
    ).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )
  await ingestion.stop()
  return { lines, counts, ingestion }
}

const idsOf = (events: Ingestion["taken"]) =>
  new Set(events.map(({ messageId }) => messageId))

describe.concurrent("PredictionLog", () => {
  it("sends identify calls of each project in batches, each once", async () => {
    const { counts, ingestion, lines } = await ended(({ ingestion, offer }) =>
      Effect.suspend(() => {
        offer(1, 1200, "a.b")
        offer(2, 3)
        return ingestion.until(({ taken }) => taken.length === 1203)
      })
    )
    for (const { authorization, events, path } of ingestion.requests) {
      expect({ authorization, path }).toEqual({
        authorization: "Bearer service",
        path: "/internal/v1/import"
      })
      expect(events.length).toBeLessThanOrEqual(500)
    }
    const ofOne = ingestion.requests.filter(({ projectId }) => projectId === "1")
    const events = ofOne.flatMap(({ events }) => events)
    expect(ofOne).toHaveLength(3)
    expect(events.map(({ userId }) => userId)).toEqual(
      Array.from({ length: 1200 }, (_, n) => `u${n}`)
    )
    expect(idsOf(ingestion.taken).size).toBe(1203)
    const [first] = events
    expect(first).toEqual({
      type: "identify",
      messageId: expect.stringMatching(/^online-prediction-[0-9a-f-]{36}$/u),
      userId: "u0",
      timestamp: expect.any(String),
      traits: {
        predictions: {
          "a.b": { probability: 0.25, version: 2, at: first?.timestamp }
        }
      }
    })
    expect(counts).toMatchObject({ "ml.predictions.logged": 1203 })
    expect(lines).toEqual([])
  })

  it("loses nothing while data-ingestion is away, or answers are lost", async () => {
    const { counts, ingestion } = await ended(({ ingestion, offer }) =>
      Effect.gen(function* () {
        yield* Effect.promise(() => ingestion.goAway())
        offer(1, 40)
        // It takes them, and nobody hears of it.
        let answers = 0
        ingestion.answer = (events) =>
          answers++ === 0
            ? new Response("", { status: 502 })
            : Response.json({ accepted: events.length, rejected: [] })
        yield* ingestion.until(({ hangUps }) => hangUps > 0)
        ingestion.comeBack()
        yield* ingestion.until(({ taken }) => taken.length === 40)
      })
    )
    const [lost, again] = ingestion.requests
    expect(again?.events).toEqual(lost?.events ?? [])
    expect(idsOf(ingestion.taken).size).toBe(40)
    expect(counts).toMatchObject({ "ml.predictions.logged": 40 })
  })

  it("comes back when it was told to", async () => {
    const { ingestion } = await ended(({ ingestion, offer }) =>
      Effect.suspend(() => {
        ingestion.answer = (events) =>
          ingestion.requests.length === 1
            ? new Response("", { status: 429, headers: { "retry-after": "1" } })
            : Response.json({ accepted: events.length, rejected: [] })
        offer(1, 1)
        return ingestion.until(({ taken }) => taken.length === 1)
      })
    )
    const [first, second] = ingestion.requests.map(({ at }) => at)
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(990)
  })

  it("gives up in the end, and says so", async () => {
    const { counts, lines } = await ended(
      ({ ingestion, offer }) =>
        Effect.suspend(() => {
          ingestion.answer = () => new Response("", { status: 503 })
          offer(1, 7)
          return ingestion.until(({ requests }) => requests.length > 0)
        }),
      { patience: Duration.millis(300) }
    )
    expect(counts).toMatchObject({ unavailable: 7 })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('"unavailable":{"count":7')
  })

  it("drops what there is no room for, of one project before the others", async () => {
    const { counts, ingestion, lines } = await ended(
      ({ ingestion, offer }) =>
        Effect.gen(function* () {
          const hold = Promise.withResolvers<void>()
          ingestion.answer = async (events) => {
            await hold.promise
            return Response.json({ accepted: events.length, rejected: [] })
          }
          offer(1, 8)
          offer(2, 8)
          offer(3, 1)
          yield* ingestion.until(({ requests }) => requests.length === 2)
          // What is being sent takes room, too.
          offer(1, 1)
          hold.resolve()
          yield* ingestion.until(({ taken }) => taken.length === 10)
        }),
      { maxEvents: 10 }
    )
    expect(counts).toMatchObject({ full: 8, "ml.predictions.logged": 10 })
    const ofProject = (id: string) =>
      ingestion.requests
        .filter(({ projectId }) => projectId === id)
        .flatMap(({ events }) => events)
    expect([ofProject("1"), ofProject("2")].map((it) => it.length)).toEqual([5, 5])
    expect(lines.join()).toContain('"full":{"count":8')
  })

  it("has room again for as many as were sent", async () => {
    const { ingestion } = await ended(
      ({ ingestion, offer }) =>
        Effect.sync(() => offer(1, 1)).pipe(
          Effect.andThen(Effect.sleep("1 millis")),
          Effect.repeat({ until: () => ingestion.taken.length > 20 }),
          Effect.timeoutOrElse({ duration: "20 seconds", orElse: () => Effect.void })
        ),
      { maxEvents: 4 }
    )
    expect(ingestion.taken.length).toBeGreaterThan(20)
  })

  it("has a bound in bytes", async () => {
    const { counts } = await ended(({ offer }) => Effect.sync(() => offer(1, 100)), {
      maxBytes: 4096
    })
    expect(counts["ml.predictions.logged"]).toBeLessThanOrEqual(2048 / 150)
    expect((counts["full"] ?? 0) + (counts["ml.predictions.logged"] ?? 0)).toBe(100)
  })

  it("sends halves of what is too much, and drops what is refused", async () => {
    const { counts, ingestion, lines } = await ended(({ ingestion, offer }) =>
      Effect.suspend(() => {
        ingestion.answer = (events) => {
          const projectId = ingestion.requests.at(-1)?.projectId
          if (projectId === "2") return new Response("gone", { status: 404 })
          if (events.length > 2) return new Response("", { status: 413 })
          const [first] = events
          return Response.json({
            accepted: events.length - (first?.userId === "u0" ? 1 : 0),
            rejected: first?.userId === "u0" ? [{ index: 0, reason: "nobody" }] : []
          })
        }
        offer(1, 5)
        return Effect.andThen(
          ingestion.until(({ taken }) => taken.length === 5),
          Effect.suspend(() => {
            offer(2, 3)
            return ingestion.until(({ requests }) => requests.at(-1)?.projectId === "2")
          })
        )
      })
    )
    expect(counts).toMatchObject({ refused: 4, "ml.predictions.logged": 4 })
    expect(
      ingestion.requests.filter(({ projectId }) => projectId === "2")
    ).toHaveLength(1)
    expect(lines.join()).toContain("404: gone")
  })

  it("sends what waits before the process ends", async () => {
    const { counts, ingestion } = await ended(
      ({ offer }) => Effect.sync(() => offer(1, 750)),
      { flushInterval: Duration.hours(1) }
    )
    expect(ingestion.taken).toHaveLength(750)
    expect(counts).toMatchObject({ "ml.predictions.logged": 750 })
  })

  it("ends in time without data-ingestion, and says what was lost", async () => {
    const { counts, lines } = await ended(
      ({ ingestion, log, offer }) =>
        Effect.gen(function* () {
          const refusing = ingestion
          refusing.answer = () => new Promise(() => {})
          offer(1, 750)
          log.offer({
            projectId: 1,
            entity: "u",
            model: "buys",
            version: 1,
            probability: Number.NaN
          })
          yield* refusing.until(({ requests }) => requests.length === 1)
        }),
      { drainTimeout: Duration.millis(50) }
    )
    expect(counts).toMatchObject({ stopped: 750, not_a_number: 1 })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('"stopped":{"count":750')
  })
})
