import { afterAll, expect } from "bun:test"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { withLayer } from "@analytics/testing/effectTest"
import { Deferred, Duration, Effect, Fiber, Layer, Logger, Redacted } from "effect"
import { WatermarkHolds } from "../../src/cohorts/WatermarkHolds.ts"

const id = "018f2a6c-0000-7000-8000-000000000001"
const knownAt = "2026-03-10T12:00:00.123Z"
const asked: Array<string> = []
let isUp = true
let onRelease = () => {}

const ingestion = Bun.serve({
  port: 0,
  fetch: (request) => {
    const { pathname } = new URL(request.url)
    asked.push(`${request.method} ${pathname} ${request.headers.get("authorization")}`)
    if (!isUp) return new Response(null, { status: 503 })
    if (request.method === "POST")
      return Response.json({ id, knownAt }, { status: 201 })
    onRelease()
    return Response.json({ held: true })
  }
})
afterAll(() => ingestion.stop(true))

const { effect } = withLayer(
  WatermarkHolds.layer.pipe(
    Layer.provide(
      QueryConfig.layerOf({
        dataIngestionUrl: `http://127.0.0.1:${ingestion.port}/`,
        timeout: Duration.seconds(1),
        memoryLimit: 1,
        threads: 1,
        concurrency: 1
      })
    ),
    Layer.provide(
      AccessConfig.layerOf({
        adminKey: Redacted.make("admin"),
        serviceKey: Redacted.make("service")
      })
    ),
    Layer.provideMerge(Logger.layer([]))
  )
)

const path = "/internal/v1/watermark/holds"
const taken = `POST ${path} Bearer service`
const released = `DELETE ${path}/${id} Bearer service`

effect("a change is written between a hold and its release, even if it fails", () =>
  Effect.gen(function* () {
    const holds = yield* WatermarkHolds
    asked.length = 0
    const write = (at: Date) =>
      Effect.sync(() => {
        asked.push("write")
        return at.toISOString()
      })
    expect(yield* holds.during(write)).toBe(knownAt)
    expect(asked).toEqual([taken, "write", released])
    asked.length = 0
    expect(yield* Effect.flip(holds.during(() => Effect.fail("refused")))).toBe(
      "refused"
    )
    expect(asked).toEqual([taken, released])
  })
)

effect("a change goes on when nobody waits for it any more", () =>
  Effect.gen(function* () {
    const holds = yield* WatermarkHolds
    const writing = yield* Deferred.make<void>()
    const gate = yield* Deferred.make<void>()
    const ended = yield* Deferred.make<void>()
    onRelease = () => Effect.runSync(Deferred.succeed(ended, undefined))
    asked.length = 0
    const waiting = yield* holds
      .during(() =>
        Deferred.succeed(writing, undefined).pipe(
          Effect.andThen(Deferred.await(gate)),
          Effect.andThen(Effect.sync(() => asked.push("write")))
        )
      )
      .pipe(Effect.forkChild)
    yield* Deferred.await(writing)
    yield* Fiber.interrupt(waiting)
    yield* Deferred.succeed(gate, undefined)
    yield* Deferred.await(ended)
    expect(asked).toEqual([taken, "write", released])
  })
)

effect("nothing is written while the watermark cannot be held", () =>
  Effect.gen(function* () {
    isUp = false
    const holds = yield* WatermarkHolds
    const refused = yield* Effect.flip(
      holds.during(() => Effect.die("it must not be written"))
    )
    isUp = true
    expect(refused).toMatchObject({ _tag: "QueriesUnavailable", status: 503 })
  })
)
