import { HttpConfig } from "@analytics/config/HttpConfig"
import type { Serve, Server } from "bun"
import {
  Cause,
  Duration,
  Effect,
  Exit,
  Layer,
  ManagedRuntime,
  type Runtime,
  Schema
} from "effect"
import { Drain, makeDrain } from "./Drain.ts"
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
  readonly fetch: (request: Request) => Response | Promise<Response>
  listen(options: Partial<Serve.Options<undefined>>): unknown
  readonly server: Server<undefined> | null
}

/** Bun closes a connection on which nothing moves for so long; a query may take a while. */
const idleTimeoutSeconds = 120

/**
 * A whole service: builds the layer, listens, and on interruption (SIGTERM, Ctrl-C)
 * drains before the layer is taken down. A second signal ends the process at once.
 */
export const serve = <R, E>(
  layer: Layer.Layer<R | Health | HttpConfig, E>,
  makeApp: (runtime: ManagedRuntime.ManagedRuntime<R | Health | HttpConfig, E>) => App
) =>
  Effect.scoped(
    Effect.gen(function* () {
      yield* endedBySecondSignal
      const drain = makeDrain()
      const runtime = yield* Effect.acquireRelease(
        Effect.sync(() =>
          ManagedRuntime.make(Layer.provide(layer, Layer.succeed(Drain, drain)))
        ),
        (self) => self.disposeEffect
      )
      const context = yield* runtime.contextEffect
      return yield* serveApp(makeApp(runtime)).pipe(
        Effect.andThen(Effect.never),
        Effect.provide(context),
        Effect.provideService(Drain, drain)
      )
    })
  )

/** `runMain` takes the first one; whoever sends another does not want to wait. */
const endedBySecondSignal = Effect.acquireRelease(
  Effect.sync(() => {
    let signals = 0
    const onSignal = (_: NodeJS.Signals, number: number) => {
      signals++
      if (signals > 1) process.exit(128 + number)
    }
    process.on("SIGTERM", onSignal)
    process.on("SIGINT", onSignal)
    return onSignal
  }),
  (onSignal) =>
    Effect.sync(() => {
      process.off("SIGTERM", onSignal)
      process.off("SIGINT", onSignal)
    })
)

/**
 * Listens until its scope closes. Then `/readyz` turns to 503 while requests are still
 * served for the drain delay, each on a connection that ends with the answer; then no new
 * ones are accepted, and those in flight and whatever else is held may finish within the
 * drain timeout.
 *
 * Stopping closes connections on which nothing is in flight (Bun 1.4.5, `Serve.test.ts`), so
 * a request that is on its way on one of them is lost. That is what the delay is for: only
 * who was silent all through it can meet that moment.
 */
export const serveApp = Effect.fn("serveApp")(function* (app: App) {
  const config = yield* HttpConfig
  const health = yield* Health
  const drain = yield* Drain
  const server = yield* Effect.acquireRelease(listen(app, config), (server) =>
    Effect.gen(function* () {
      yield* health.drain
      yield* drain.begin
      yield* Effect.logInfo("draining")
      yield* Effect.sync(() => sendAway(server, app))
      yield* Effect.sleep(config.drainDelay)
      yield* Effect.promise(() => server.stop(false)).pipe(
        Effect.andThen(drain.settled),
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

/** Every answer from now on ends its connection, so that the next request goes elsewhere. */
const sendAway = (server: Server<undefined>, app: App) =>
  server.reload({
    routes: {},
    fetch: async (request: Request) => {
      const response = await app.fetch(request)
      response.headers.set("connection", "close")
      return response
    }
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
