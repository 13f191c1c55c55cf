import { HttpConfig } from "@analytics/config/HttpConfig"
import type { Serve, Server } from "bun"
import {
  Cause,
  Duration,
  Effect,
  Exit,
  type Layer,
  ManagedRuntime,
  type Runtime,
  Schema
} from "effect"
import { Health } from "./Health.ts"

/** For `NodeRuntime.runMain`: a process that was told to end, and drained, ended well. */
export const teardown: Runtime.Teardown = (exit, onExit) =>
  onExit(Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? 0 : 1)

/** The address cannot be listened on. */
export class CannotListen extends Schema.TaggedError<CannotListen>()("CannotListen", {
  message: Schema.String
}) {}

/** What this needs of an Elysia application. */
interface App {
  listen(options: Partial<Serve.Options<undefined>>): unknown
  readonly server: Server<undefined> | null
}

/** Bun closes a connection on which nothing moves for so long; a query may take a while. */
const idleTimeoutSeconds = 120

/**
 * A whole service: builds the layer, listens, and on interruption (SIGTERM, Ctrl-C)
 * drains before the layer is taken down.
 */
export const serve = <R, E>(
  layer: Layer.Layer<R | Health | HttpConfig, E>,
  makeApp: (runtime: ManagedRuntime.ManagedRuntime<R | Health | HttpConfig, E>) => App
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const runtime = yield* Effect.acquireRelease(
        Effect.sync(() => ManagedRuntime.make(layer)),
        (self) => self.disposeEffect
      )
      const context = yield* runtime.contextEffect
      return yield* serveApp(makeApp(runtime)).pipe(
        Effect.andThen(Effect.never),
        Effect.provide(context)
      )
    })
  )

/**
 * Listens until its scope closes. Then `/readyz` turns to 503 while requests are still
 * served for the drain delay; then no new ones are accepted and those in flight may
 * finish within the drain timeout.
 */
export const serveApp = Effect.fn("serveApp")(function* (app: App) {
  const config = yield* HttpConfig
  const health = yield* Health
  const server = yield* Effect.acquireRelease(listen(app, config), (server) =>
    Effect.gen(function* () {
      yield* health.drain
      yield* Effect.logInfo("draining")
      yield* Effect.sleep(config.drainDelay)
      yield* Effect.promise(() => server.stop(false)).pipe(
        Effect.timeoutOrElse({
          duration: config.drainTimeout,
          orElse: () =>
            Effect.logWarning("requests were cut off").pipe(
              Effect.annotateLogs({
                pendingRequests: server.pendingRequests,
                drainTimeout: Duration.format(config.drainTimeout)
              }),
              Effect.andThen(Effect.promise(() => server.stop(true)))
            )
        })
      )
    })
  )
  yield* Effect.logInfo("listening").pipe(Effect.annotateLogs({ url: server.url.href }))
  return server
})

const listen = (app: App, { host, port }: HttpConfig["Service"]) =>
  Effect.try({
    try: () => {
      // Bun would share a taken port with its owner and each would get half the requests.
      app.listen({
        hostname: host,
        port,
        reusePort: false,
        idleTimeout: idleTimeoutSeconds
      })
      if (app.server === null) throw new Error("Elysia has not started its server")
      return app.server
    },
    catch: (error) => new CannotListen({ message: explain(error, host, port) })
  })

const explain = (error: unknown, host: string, port: number): string => {
  const code = error instanceof Error && "code" in error ? error.code : undefined
  if (code === "EADDRINUSE")
    return `Port ${port} of ${host} is taken by another process; stop it, or set PORT to a free one.`
  return `Cannot listen on ${host}:${port} (${error}); set HOST and PORT to an address of this machine.`
}
