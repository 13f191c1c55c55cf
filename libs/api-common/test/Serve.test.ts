import { describe, expect, it } from "bun:test"
import { join } from "node:path"
import { HttpConfig } from "@analytics/config/HttpConfig"
import { Deferred, Duration, Effect, Exit, Fiber, Layer, Logger, Scope } from "effect"
import { Elysia } from "elysia"
import { Drain, makeDrain } from "../src/Drain.ts"
import { effectPlugin } from "../src/EffectPlugin.ts"
import { Health } from "../src/Health.ts"
import { healthRoutes } from "../src/HealthRoutes.ts"
import { serve, serveApp } from "../src/Serve.ts"
import { rawClient } from "./RawClient.ts"
import { testRuntime } from "./testApp.ts"

const config = (over: Partial<HttpConfig["Service"]> = {}): HttpConfig["Service"] => ({
  environment: "test",
  host: "127.0.0.1",
  port: 0,
  drainDelay: Duration.zero,
  drainTimeout: Duration.seconds(5),
  ...over
})

/** An app with a request that stays in flight until the gate opens. */
const start = async (
  over: Partial<HttpConfig["Service"]> = {},
  drain = makeDrain()
) => {
  const runtime = testRuntime()
  const entered = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const app = new Elysia()
    .use(healthRoutes(runtime))
    .use(effectPlugin(runtime))
    .get("/slow", async () => {
      entered.resolve()
      await gate.promise
      return "done"
    })
  const scope = await Effect.runPromise(Scope.make())
  const server = await runtime.runPromise(
    serveApp(app).pipe(
      Effect.provideService(Scope.Scope, scope),
      Effect.provideService(HttpConfig, config(over)),
      Effect.provideService(Drain, drain)
    )
  )
  return {
    url: server.url.href,
    entered: entered.promise,
    open: () => gate.resolve(),
    stop: () => runtime.runPromise(Scope.close(scope, Exit.void)),
    dispose: () => runtime.dispose()
  }
}

/** The first status that is not 200. */
const firstRefusal = async (url: string): Promise<number> => {
  const { status } = await fetch(url)
  return status === 200 ? firstRefusal(url) : status
}

describe("serveApp", () => {
  it("finishes what is in flight before it stops", async () => {
    const service = await start()
    const slow = fetch(`${service.url}slow`).then((response) => response.text())
    await service.entered
    const stopped = service.stop()
    service.open()
    expect(await slow).toBe("done")
    await stopped
    await expect(fetch(service.url)).rejects.toThrow()
    await service.dispose()
  })

  it("goes on serving for the drain delay, but is no longer ready", async () => {
    const service = await start({ drainDelay: Duration.seconds(1) })
    const stopped = service.stop()
    expect(await firstRefusal(`${service.url}readyz`)).toBe(503)
    expect((await fetch(`${service.url}livez`)).status).toBe(200)
    await stopped
    await service.dispose()
  })

  it("ends connections with the answers of the drain delay", async () => {
    const service = await start({ drainDelay: Duration.seconds(1) })
    const client = await rawClient(service.url)
    expect(await client.ask("/livez", "ok")).not.toMatch(/connection: close/i)
    const slow = client.ask("/slow", "done")
    await service.entered
    const stopped = service.stop()
    service.open()
    // It was begun before; its connection goes on.
    expect(await slow).not.toMatch(/connection: close/i)
    expect(await client.ask("/livez", "ok")).toMatch(/connection: close/i)
    await client.closed
    const other = await rawClient(service.url)
    expect(await other.ask("/nowhere", "404")).toMatch(/connection: close/i)
    await other.closed
    await stopped
    await service.dispose()
  })

  it("closes what is idle at the end, and lets no new request in beside one in flight", async () => {
    const service = await start()
    const idle = await rawClient(service.url)
    await idle.ask("/livez", "ok")
    const busy = await rawClient(service.url)
    const slow = busy.ask("/slow", "done")
    await service.entered
    const stopped = service.stop()
    await idle.closed
    await expect(fetch(`${service.url}livez`)).rejects.toThrow()
    service.open()
    expect(await slow).toContain("200 OK")
    await busy.closed
    await stopped
    await service.dispose()
  })

  it("waits for what is held beside requests", async () => {
    const drain = makeDrain()
    const service = await start({}, drain)
    const gate = Deferred.makeUnsafe<void>()
    const held = Effect.runPromise(drain.holds(Deferred.await(gate)))
    let hasStopped = false
    const stopped = service.stop().then(() => {
      hasStopped = true
    })
    while (
      await fetch(service.url).then(
        () => true,
        () => false
      )
    )
      await Bun.sleep(5)
    expect(hasStopped).toBe(false)
    await Effect.runPromise(Deferred.succeed(gate, undefined))
    await held
    await stopped
    await service.dispose()
  })

  it("cuts off what is still in flight after the drain timeout", async () => {
    const service = await start({ drainTimeout: Duration.millis(50) })
    const slow = fetch(`${service.url}slow`).then(
      () => "answered",
      () => "cut off"
    )
    await service.entered
    await service.stop()
    expect(await slow).toBe("cut off")
    service.open()
    await service.dispose()
  })

  it("says which port is taken and what to do", async () => {
    const service = await start()
    const port = Number(new URL(service.url).port)
    const error = await start({ port }).catch((it: Error) => it)
    expect(error).toMatchObject({
      message: `Port ${port} of 127.0.0.1 is taken by another process; stop it, or set PORT to a free one.`
    })
    await service.stop()
    await service.dispose()
  })
})

describe("serve", () => {
  it("takes its layer down after the last request", async () => {
    const log: Array<string> = []
    const started = Effect.runSync(Deferred.make<string>())
    const layer = Layer.mergeAll(
      Health.layer({}),
      HttpConfig.layerOf(config()),
      Logger.layer([
        Logger.make(({ message }) => {
          log.push(String(message))
        })
      ]),
      Layer.effectDiscard(
        Effect.acquireRelease(Effect.void, () =>
          Effect.sync(() => {
            log.push("closed")
          })
        )
      )
    )
    const fiber = Effect.runFork(
      serve(layer, (runtime) => {
        const app = new Elysia().use(healthRoutes(runtime)).onStart(({ server }) => {
          Effect.runSync(Deferred.succeed(started, server?.url.href ?? ""))
        })
        return app
      })
    )
    const url = await Effect.runPromise(Deferred.await(started))
    expect((await fetch(`${url}readyz`)).status).toBe(200)
    await Effect.runPromise(Fiber.interrupt(fiber))
    expect(log).toEqual(["listening", "draining", "closed"])
  })

  it("ends at once when it is told to for the second time", async () => {
    const child = Bun.spawn(["bun", join(import.meta.dir, "fixture/service.ts")], {
      stdout: "pipe"
    })
    const said = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
    const wait = async (word: string, before = ""): Promise<void> => {
      if (before.includes(word)) return
      const { done, value } = await said.read()
      if (done) throw new Error(`it never said ${word}: ${before}`)
      return wait(word, before + value)
    }
    await wait("listening")
    child.kill("SIGTERM")
    await wait("draining")
    child.kill("SIGTERM")
    expect(await child.exited).toBe(143)
  }, 20_000)
})
