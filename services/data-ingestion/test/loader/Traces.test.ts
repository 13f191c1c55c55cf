import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Option, Tracer } from "effect"
import { SqlClient } from "effect/sql"
import { inCommitSpan } from "../../src/inbox/commitSpan.ts"
import { Loader } from "../../src/loader/Loader.ts"
import { freshLoader, receive, stores, track } from "./loaderTest.ts"

const traceOf = (digit: string) => digit.repeat(32)
const TORN = "not-a-traceparent"

/** A tracer that keeps what it made. */
const recording = () => {
  const spans: Array<Tracer.Span> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { spans, tracer }
}

const traceIdsOf = ({ links }: Tracer.Span) => links.map(({ span }) => span.traceId)

describe("a batch", () => {
  const it = withLayer(stores, 60_000)

  it.effect("goes on with the trace of every commit that it stores", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const traceparents = [
        null,
        `00-${traceOf("a")}-${"1".repeat(16)}-01`,
        `00-${traceOf("b")}-${"2".repeat(16)}-01`,
        // Another commit of a request that is traced.
        `00-${traceOf("a")}-${"3".repeat(16)}-01`,
        TORN
      ]
      for (const [n, traceparent] of traceparents.entries()) {
        const id = yield* receive([track(`t${n}`)])
        yield* sql`UPDATE ingest.inbox SET traceparent = ${traceparent} WHERE id = ${id}`
      }
      const { spans, tracer } = recording()
      yield* Effect.flatMap(Loader, ({ drain }) => drain).pipe(
        Effect.provide(freshLoader),
        Effect.provideService(Tracer.Tracer, tracer)
      )
      const batches = spans.filter(({ name }) => name === "Loader.batch")
      expect(batches.map(({ traceId }) => traceId)).toEqual([
        traceOf("a"),
        traceOf("b")
      ])
      expect(batches.map(({ status }) => status._tag)).toEqual(["Ended", "Ended"])
      const [main, arrival] = batches
      expect(main && traceIdsOf(main)).toEqual([traceOf("b")])
      expect(arrival && traceIdsOf(arrival)).toEqual([traceOf("a")])
      expect(main && Option.getOrUndefined(main.parent)?.spanId).toBe("1".repeat(16))
      const inserts = spans.filter(
        ({ name, traceId }) => name === "ClickHouse.insert" && traceId === traceOf("a")
      )
      expect(inserts.length).toBeGreaterThan(0)
    })
  )
})

describe("a commit", () => {
  const it = withLayer(stores, 60_000)

  it.effect(
    "goes on with the first trace, and is linked with the others, both ways",
    () =>
      Effect.gen(function* () {
        const { spans, tracer } = recording()
        yield* Effect.gen(function* () {
          const requests = yield* Effect.forEach(["one", "two", "three"], (name) =>
            Effect.makeSpan(name, { root: true })
          )
          const [one, two, three] = requests
          yield* inCommitSpan(Effect.void, [
            {},
            ...requests.map((span) => ({ span })),
            { span: undefined }
          ])
          yield* inCommitSpan(Effect.void, [{}])
          const [commit, alone] = spans.filter(({ name }) => name === "Inbox.commit")
          expect(commit?.traceId).toBe(String(one?.traceId))
          expect(commit && traceIdsOf(commit)).toEqual([
            String(two?.traceId),
            String(three?.traceId)
          ])
          expect(two && traceIdsOf(two)).toEqual([String(commit?.traceId)])
          expect(one?.links).toEqual([])
          expect(alone && Option.isNone(alone.parent)).toBe(true)
        }).pipe(Effect.provideService(Tracer.Tracer, tracer))
      })
  )
})
