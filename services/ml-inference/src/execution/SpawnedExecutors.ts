import { Effect, Layer } from "effect"
import { ExecutorProcess } from "./ExecutorProcess.ts"
import { type Executor, ExecutorLost, Executors, ModelRefused } from "./Executors.ts"

/** Executors as subprocesses of this one. */
export const layer = Layer.succeed(Executors, {
  start: Effect.fn("Executors.start")(function* (path, limits) {
    const startedAt = performance.now()
    const process = yield* Effect.acquireRelease(
      Effect.try({
        try: () => new ExecutorProcess(path, limits),
        // Such as no descriptor or no process being left, which passes.
        catch: (error) =>
          new ExecutorLost({
            reason: "crash",
            detail: `no process could be started: ${error}`
          })
      }),
      (self) => Effect.promise(() => self.end())
    )
    const signature = yield* Effect.promise(() => process.loaded)
    if (signature instanceof ModelRefused) return yield* signature
    if (signature instanceof ExecutorLost) {
      yield* Effect.logWarning("a model ended its process while it was loaded").pipe(
        Effect.annotateLogs({
          reason: signature.reason,
          detail: signature.detail,
          stderr: process.stderr
        })
      )
      return yield* signature
    }
    const loadedIn = performance.now() - startedAt
    const lost = Effect.promise(() => process.lost)
    yield* Effect.forkScoped(
      Effect.flatMap(lost, ({ detail, reason }) =>
        Effect.annotateLogs(Effect.logWarning("an executor is gone"), {
          pid: process.pid,
          reason,
          detail,
          stderr: process.stderr
        })
      )
    )
    return {
      pid: process.pid,
      signature,
      loadedIn,
      submit: (inputs, outputs, done) => process.submit(inputs, outputs, done),
      run: (inputs, outputs = []) =>
        Effect.callback((resume) => {
          const joined = inputs.map(({ bytes, ...rest }) => ({
            ...rest,
            parts: [bytes]
          }))
          process.submit(joined, outputs, (end) =>
            resume(
              end._tag === "Outputs" ? Effect.succeed(end.outputs) : Effect.fail(end)
            )
          )
        }),
      memory: Effect.promise(() => process.memory()),
      lost
    } satisfies Executor
  })
})
