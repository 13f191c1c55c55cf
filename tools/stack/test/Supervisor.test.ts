import { describe, expect, it } from "bun:test"
import { Deferred, Duration, Effect, Fiber, Layer, type Scope } from "effect"
import { LogStream, makeLogStream } from "../src/LogStream.ts"
import { type ExitStatus, NotReady, type Part, PartFailed } from "../src/Part.ts"
import { levels } from "../src/Stack.ts"
import { defaultLimits, supervise } from "../src/Supervisor.ts"

const limits = {
  ...defaultLimits,
  readyWithin: Duration.millis(300),
  firstBackoff: Duration.millis(1),
  longestBackoff: Duration.millis(8)
}

const lines: Array<string> = []
const Logs = Layer.succeed(
  LogStream,
  makeLogStream({
    color: false,
    toFile: (text) => lines.push(text),
    toTerminal: undefined
  })
)

const part = (overrides: Partial<Part>): Part => ({
  name: "web",
  port: undefined,
  needs: [],
  stopSignal: "SIGTERM",
  once: false,
  start: () => Effect.succeed({ pid: 1, exited: Effect.never }),
  ready: Effect.void,
  ...overrides
})

const run = <A, E>(program: Effect.Effect<A, E, LogStream | Scope.Scope>) =>
  Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(Logs)))

describe("supervise", () => {
  it("goes on restarting a part that was ready once, however often it ends", async () => {
    let starts = 0
    await run(
      Effect.gen(function* () {
        const tenth = yield* Deferred.make<void>()
        const killed: ExitStatus = { code: null, signal: "SIGKILL" }
        const crashing = part({
          start: () =>
            Effect.gen(function* () {
              starts++
              if (starts === 10) yield* Deferred.succeed(tenth, undefined)
              const exited = Effect.as(Effect.sleep("5 millis"), killed)
              return { pid: starts, exited }
            })
        })
        const { ready } = yield* supervise(crashing, Effect.void, () => {}, limits)
        yield* ready
        yield* Deferred.await(tenth)
      })
    )
    expect(starts).toBe(10)
  })

  it("says what the last look found when a part does not become ready in time", async () => {
    const error = await run(
      Effect.gen(function* () {
        const logs = yield* LogStream
        logs.write("web", "cannot reach the store")
        const away = new NotReady({ message: "GET /readyz answered 503" })
        const { ready } = yield* supervise(
          part({ ready: Effect.fail(away) }),
          Effect.void,
          () => {},
          limits
        )
        return yield* Effect.flip(ready)
      })
    )
    expect(error.message).toBe(
      "web is not ready after 300ms: GET /readyz answered 503\n  | cannot reach the store"
    )
  })

  it("does not start a part whose needs failed", async () => {
    let started = false
    const failure = new PartFailed({ part: "postgres", message: "no disk" })
    const error = await run(
      Effect.gen(function* () {
        const { ready } = yield* supervise(
          part({
            start: () =>
              Effect.suspend(() => {
                started = true
                return Effect.never
              })
          }),
          Effect.fail(failure),
          () => {},
          limits
        )
        return yield* Effect.flip(ready)
      })
    )
    expect(error).toBe(failure)
    expect(started).toBe(false)
  })

  it("stops a part that is waiting for its next start", async () => {
    await run(
      Effect.gen(function* () {
        const ended: ExitStatus = { code: 1, signal: null }
        const slow = { ...limits, firstBackoff: Duration.hours(1) }
        const { stop } = yield* supervise(
          part({
            start: () => Effect.succeed({ pid: 1, exited: Effect.succeed(ended) })
          }),
          Effect.void,
          () => {},
          { ...slow, longestBackoff: Duration.hours(1) }
        )
        const stopping = yield* Effect.forkScoped(stop)
        yield* Fiber.join(stopping).pipe(Effect.timeout("2 seconds"))
      })
    )
  })
})

describe("levels", () => {
  it("puts each part after what it needs, and ignores what does not run", () => {
    const names = levels([
      part({ name: "api", needs: ["migrate"] }),
      part({ name: "migrate", needs: ["postgres", "clickhouse"] }),
      part({ name: "postgres" })
    ]).map((level) => level.map(({ name }) => name))
    expect(names).toEqual([["postgres"], ["migrate"], ["api"]])
  })
})
