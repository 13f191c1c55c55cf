import { limitedCommand } from "@analytics/api-common/limitedCommand"
import { limitedRuntime } from "@analytics/api-common/limitedRuntime"
import { Effect, Schema, type Scope, Stream } from "effect"
import { JobFailed } from "../../../jobs/JobType.ts"
import { linesOf } from "../../linesOf.ts"
import { type TrainerLine, TrainerLines } from "./TrainerLine.ts"

export interface TrainerLimits {
  /** Bytes it may use. */
  readonly memory: number
  /** Milliseconds it may take. */
  readonly time: number
}

/** Characters of what it says in its last moments. */
const MOST_LAST_WORDS = 2000

const MIB = 1024 * 1024

/** Bytes of address space that the runtime holds on to without using them. */
const SET_ASIDE = 512 * MIB

/** Bytes for compiled JavaScript. */
const COMPILER_MEMORY = 64 * MIB

/**
 * Runs a program in a process of its own, so that this one goes on with its heartbeats and
 * its other jobs while that one computes. It ends when it is interrupted, late, larger than
 * it may be, or when this process ends, however that happens.
 *
 * @param program path of the module; it gets `folder` as its argument
 * @param onProgress told of each line of progress, in order
 */
export const runTrainer = Effect.fn("Trainer.run")(function* <R>(
  program: string,
  folder: string,
  limits: TrainerLimits,
  onProgress: (
    line: Extract<TrainerLine, { _tag: "progress" }>
  ) => Effect.Effect<void, never, R>
): Effect.fn.Return<void, JobFailed, R | Scope.Scope> {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(program, folder, limits.memory)),
    (running) =>
      Effect.promise(async () => {
        running.kill("SIGKILL")
        await running.exited
      })
  )
  const lastWords = lastOf(child.stderr)
  const lines = Stream.fromAsyncIterable(linesOf(child.stdout), () => unreadable)
  let end: TrainerLine | undefined
  yield* lines.pipe(
    Stream.mapEffect((line) =>
      Effect.mapError(Schema.decodeEffect(TrainerLines)(line), () => unreadable)
    ),
    Stream.runForEach((line) => {
      if (line._tag === "progress") return onProgress(line)
      end = line
      return Effect.void
    }),
    Effect.timeoutOrElse({
      duration: limits.time,
      orElse: () =>
        Effect.fail(
          new JobFailed({
            detail: `Training took longer than ${Math.round(limits.time / 60_000)} minutes and was ended. Give it fewer rows (\`sample\`, fewer \`cuts\`), fewer features or fewer trees.`
          })
        )
    })
  )
  if (end?._tag === "done") return
  if (end?._tag === "failed") return yield* new JobFailed({ detail: end.detail })
  yield* Effect.promise(() => child.exited)
  const words = yield* Effect.promise(() => lastWords)
  yield* Effect.logWarning("the trainer ended without a result", {
    code: child.exitCode,
    signal: child.signalCode,
    words
  })
  return yield* new JobFailed({
    detail: `The trainer's process ended (${child.signalCode ?? `code ${child.exitCode}`}) without a result. Most likely it wanted more than its ${Math.round(limits.memory / MIB)} MiB of memory: give it fewer rows (\`sample\`, fewer \`cuts\`) or fewer features.`
  })
}, Effect.scoped)

const unreadable = new JobFailed({
  detail: "The trainer says what nobody here understands; the service's log has more."
})

const spawn = (program: string, folder: string, memory: number) =>
  Bun.spawn(limitedCommand({ kib: (memory + SET_ASIDE) / 1024 }, [program, folder]), {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    // It needs no secret of this process.
    env: {
      PATH: process.env["PATH"] ?? "",
      NO_COLOR: "1",
      // Without a compiler, training would take thirty times as long.
      ...limitedRuntime(COMPILER_MEMORY)
    }
  })

const lastOf = async (stream: ReadableStream<Uint8Array>): Promise<string> => {
  const decoder = new TextDecoder()
  let last = ""
  for await (const chunk of stream)
    last = (last + decoder.decode(chunk, { stream: true })).slice(-MOST_LAST_WORDS)
  return last
}
