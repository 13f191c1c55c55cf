import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { Health } from "@analytics/api-common/Health"
import { Effect, Layer, Logger, ManagedRuntime, Stream } from "effect"
import { Elysia } from "elysia"
import { Live } from "../../src/live/Live.ts"
import { liveRoutes } from "../../src/live/LiveRoutes.ts"
import { AuthStub } from "../AuthStub.ts"

let opened = 0
let closed = 0

const LiveStub = Layer.succeed(Live, {
  listen: () =>
    Effect.acquireRelease(
      Effect.sync(() => {
        opened++
        return Stream.concat(
          Stream.make({ _tag: "dropped", events: 1 } as const),
          Stream.never
        )
      }),
      () => Effect.sync(() => closed++)
    )
})

const runtime = ManagedRuntime.make(
  Layer.mergeAll(LiveStub, AuthStub, Health.layer({}), Logger.layer([]))
)
const app = new Elysia().use(liveRoutes(runtime))
let url = ""
beforeAll(() => {
  app.listen({ port: 0, hostname: "127.0.0.1" })
  url = `http://127.0.0.1:${app.server?.port}/v1/live`
})
afterAll(async () => {
  await app.stop(true)
  await runtime.dispose()
})

const headers = { authorization: "Bearer 7" }

/** Fails by the test's own timeout if somebody stays. */
const allLeft = async () => {
  while (closed < opened) await Bun.sleep(10)
}

describe("GET /v1/live", () => {
  it("ends with its client", async () => {
    const before = opened
    const controller = new AbortController()
    const answer = await fetch(url, { headers, signal: controller.signal })
    const first = await answer.body?.getReader().read()
    expect(new TextDecoder().decode(first?.value)).toContain("event: dropped")
    controller.abort()
    await allLeft()
    expect(opened - before).toBe(1)
  }, 30_000)

  it("leaves nobody behind who asked for the head only", async () => {
    const before = opened
    const answer = await fetch(url, { headers, method: "HEAD" })
    expect(answer.status).toBe(200)
    await allLeft()
    expect(opened - before).toBeLessThanOrEqual(1)
  }, 30_000)

  it("ends with a client that goes before it is answered", async () => {
    for (let delay = 0; delay < 20; delay++) {
      const controller = new AbortController()
      const asked = fetch(url, { headers, signal: controller.signal })
      await Bun.sleep(delay / 4)
      controller.abort()
      await asked.then(({ body }) => body?.cancel()).catch(() => {})
    }
    await allLeft()
  }, 30_000)
})
