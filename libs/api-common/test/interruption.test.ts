import { afterAll, expect, it } from "bun:test"
import { Effect, Schema } from "effect"
import { Elysia } from "elysia"
import { effectPlugin } from "../src/EffectPlugin.ts"
import { jsonBody } from "../src/JsonBody.ts"
import { testRuntime } from "./testApp.ts"

const runtime = testRuntime()
afterAll(() => runtime.dispose())

it("a program ends when the client that waits for it goes away", async () => {
  const started = Promise.withResolvers<void>()
  const interrupted = Promise.withResolvers<void>()
  const app = new Elysia()
    .use(jsonBody())
    .use(effectPlugin(runtime))
    .post("/", ({ body, run }) =>
      run(
        Schema.Unknown,
        Effect.sync(() => started.resolve()).pipe(
          Effect.andThen(Effect.never),
          Effect.onInterrupt(() => Effect.sync(() => interrupted.resolve())),
          Effect.as(body)
        )
      )
    )
    .listen({ port: 0, hostname: "127.0.0.1", reusePort: false })
  const client = new AbortController()
  const answer = fetch(app.server?.url.href ?? "", {
    method: "POST",
    body: "{}",
    signal: client.signal
  })
  await started.promise
  client.abort()
  await expect(answer).rejects.toThrow()
  await interrupted.promise
  await app.stop(true)
})

it("a program whose request has a name ends by itself, for the next attempt", async () => {
  const started = Promise.withResolvers<void>()
  const left = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<string>()
  const app = new Elysia()
    .use(jsonBody())
    .use(effectPlugin(runtime))
    .post("/", ({ body, run }) =>
      run(
        Schema.Unknown,
        Effect.sync(() => started.resolve()).pipe(
          Effect.andThen(Effect.promise(() => left.promise)),
          Effect.as(body),
          Effect.onExit((exit) => Effect.sync(() => ended.resolve(exit._tag)))
        )
      )
    )
    .listen({ port: 0, hostname: "127.0.0.1", reusePort: false })
  const client = new AbortController()
  const answer = fetch(app.server?.url.href ?? "", {
    method: "POST",
    headers: { "idempotency-key": "one" },
    body: "{}",
    signal: client.signal
  })
  await started.promise
  client.abort()
  await expect(answer).rejects.toThrow()
  // A second request comes after the server has seen the first client leave.
  await fetch(new URL("/nowhere", app.server?.url.href))
  left.resolve()
  expect(await ended.promise).toBe("Success")
  await app.stop(true)
})
