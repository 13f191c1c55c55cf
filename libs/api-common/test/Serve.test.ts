import { describe, expect, it } from "bun:test"
import { HttpConfig } from "@analytics/config/HttpConfig"
import { Deferred, Duration, Effect, Exit, Fiber, Layer, Logger, Scope } from "effect"
import { Elysia } from "elysia"
import { effectPlugin } from "../src/EffectPlugin.ts"
import { Health } from "../src/Health.ts"
import { healthRoutes } from "../src/HealthRoutes.ts"
import { serve, serveApp } from "../src/Serve.ts"
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
const start = async (over: Partial<HttpConfig["Service"]> = {}) => {
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
      Effect.provideService(HttpConfig, config(over))
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
})
