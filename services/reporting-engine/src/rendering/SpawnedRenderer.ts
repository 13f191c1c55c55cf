import { ReportConfig } from "@analytics/config/ReportConfig"
import type { Rendering } from "@analytics/reports/RenderFormat"
import type { Rendered, ReportDocument } from "@analytics/reports/ReportDocument"
import { Clock, Duration, Effect, Layer, Metric, Semaphore } from "effect"
import { Renderer } from "./Renderer.ts"
import { renderDuration, renderFailures, renderHeld } from "./RenderMetrics.ts"
import { RenderFailed, RendersBusy } from "./RenderProblems.ts"
import { type RenderEnd, RenderProcess } from "./RenderProcess.ts"

/** Bytes of data segment below which a process does not get far. */
const LEAST_MEMORY = 512 * 1024 * 1024

/** Bytes of the largest document that is sent to a process. */
const MOST_DOCUMENT = 64 * 1024 * 1024

/** Bytes of the documents that wait, and of those that are rendered. */
const MOST_HELD = 256 * 1024 * 1024

/** How long a document may wait for its turn. */
const LONGEST_WAIT = "5 minutes"

/** Processes that stay warm between documents, and are replaced when they are old. */
export const layer = Layer.effect(
  Renderer,
  Effect.gen(function* () {
    const config = yield* ReportConfig
    const { renderQueue, renderers, rendersPerProcess } = config
    const memory = Math.max(config.renderMemory, LEAST_MEMORY)
    const patience = Duration.toMillis(config.renderTimeout)
    const places = yield* Semaphore.make(renderers)
    const idle: Array<RenderProcess> = []
    const all = new Set<RenderProcess>()
    let asked = 0
    let held = 0

    const begun = () => {
      const made = new RenderProcess(memory)
      all.add(made)
      return made
    }
    const ended = (it: RenderProcess) =>
      Effect.promise(async () => {
        all.delete(it)
        await it.end()
      })
    yield* Effect.addFinalizer(() =>
      Effect.forEach([...all], ended, { concurrency: "unbounded", discard: true })
    )

    const take = Effect.sync(() => {
      for (;;) {
        const found = idle.pop()
        if (found === undefined) return begun()
        if (!found.isGone) return found
        all.delete(found)
      }
    })
    /** One that has done enough goes, or something large, and so does one that nobody has heard from. */
    const give = (it: RenderProcess, isGood: boolean) =>
      Effect.suspend(() => {
        if (!isGood || it.isGone || it.isWorn || it.done >= rendersPerProcess)
          return ended(it)
        idle.push(it)
        return Effect.void
      })

    const submitted = (it: RenderProcess, format: Rendering, task: Uint8Array) =>
      Effect.callback<RenderEnd>((resume) =>
        it.submit(format, task, (end) => resume(Effect.succeed(end)))
      )

    const failed = (format: Rendering, why: string, detail: string) =>
      Metric.update(
        Metric.withAttributes(renderFailures, { format, reason: why }),
        1
      ).pipe(
        Effect.andThen(
          Effect.logWarning("a document was not rendered", { format, detail })
        ),
        Effect.andThen(Effect.fail(new RenderFailed({ detail })))
      )

    const inProcess = Effect.fnUntraced(function* (
      task: Uint8Array,
      format: Rendering
    ) {
      const started = yield* Clock.currentTimeMillis
      const end = yield* Effect.acquireUseRelease(
        take,
        (it) =>
          submitted(it, format, task).pipe(
            Effect.timeoutOrElse({
              duration: patience,
              orElse: () => Effect.succeed("late" as const)
            })
          ),
        (it, exit) =>
          give(
            it,
            exit._tag === "Success" && exit.value !== "late" && exit.value !== undefined
          )
      )
      if (end === "late")
        return yield* failed(
          format,
          "time",
          `It took longer than ${patience} ms. Leave sections or rows out.`
        )
      if (end === undefined)
        return yield* failed(
          format,
          "memory",
          `Its process ended, as one does that needs more than ${memory} bytes of memory. Leave sections or rows out.`
        )
      if ("fault" in end) return yield* failed(format, "fault", end.fault)
      const took = (yield* Clock.currentTimeMillis) - started
      yield* Metric.update(
        Metric.withAttributes(renderDuration, { format }),
        took / 1000
      )
      return end
    })

    const inTurn = (task: Uint8Array, format: Rendering) =>
      Effect.suspend(() => {
        let hasTurn = false
        const tired = Effect.sleep(LONGEST_WAIT).pipe(
          Effect.andThen(
            Effect.suspend(() =>
              hasTurn
                ? Effect.never
                : Effect.fail(
                    new RendersBusy({
                      detail: `Its turn did not come within ${LONGEST_WAIT}.`,
                      retryAfter: 10
                    })
                  )
            )
          )
        )
        return places
          .withPermits(1)(
            Effect.suspend(() => {
              hasTurn = true
              return inProcess(task, format)
            })
          )
          .pipe(Effect.raceFirst(tired))
      })

    const isFull = () => asked >= renderers + renderQueue || held > MOST_HELD
    const refused = Effect.suspend(() =>
      Effect.fail(
        new RendersBusy({
          detail: `${renderers} documents are rendered at once, and ${renderQueue} of together ${MOST_HELD} bytes may wait.`,
          retryAfter: 2
        })
      )
    )
    const enter = (bytes: number) =>
      Effect.suspend(() => {
        if (isFull()) return refused
        asked++
        held += bytes
        return Effect.asVoid(Metric.update(renderHeld, asked))
      })
    const leave = (bytes: number) =>
      Effect.suspend(() => {
        asked--
        held -= bytes
        return Metric.update(renderHeld, asked)
      })

    return Renderer.of({
      render: Effect.fn("Renderer.render")(function* (
        document: ReportDocument,
        format: Rendering
      ): Effect.fn.Return<Rendered, RendersBusy | RenderFailed> {
        yield* Effect.annotateCurrentSpan("report.format", format)
        // Before the work of writing it down.
        if (isFull()) return yield* refused
        const task = Buffer.from(JSON.stringify(document))
        const bytes = task.byteLength
        if (bytes > MOST_DOCUMENT)
          return yield* failed(
            format,
            "size",
            `The document has more than ${MOST_DOCUMENT} bytes. Leave sections or rows out.`
          )
        return yield* Effect.acquireUseRelease(
          enter(bytes),
          () => inTurn(task, format),
          () => leave(bytes)
        )
      })
    })
  })
)
