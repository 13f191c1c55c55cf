import { Context, Effect, Exit, Option, Tracer } from "effect"
import type { Run } from "./batching.ts"
import type { ServingTarget } from "./Serving.ts"

/**
 * A span for the request and one for its run, where somebody looks at them: they cost as
 * much as a small model. Runs know nothing of requests, so theirs is written afterwards.
 */
export const traced = <A, E>(
  { model, projectId }: ServingTarget,
  infer: (ran: (run: Run) => void) => Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  Effect.withFiber((fiber) => {
    const tracer = fiber.getRef(Tracer.Tracer)
    // That of a process without a collector calls every span sampled.
    if (tracer === Tracer.nativeTracer) return infer(ignore)
    if (Context.getOrUndefined(fiber.context, Tracer.ParentSpan)?.sampled !== true)
      return infer(ignore)
    return Effect.useSpan(
      "Serving.infer",
      { attributes: { "model.name": model, "project.id": projectId } },
      (span) => infer((run) => write(tracer, span, run))
    )
  })

const ignore = () => {}

const write = (tracer: Tracer.Tracer, parent: Tracer.Span, run: Run): void => {
  const now = BigInt(Date.now()) * 1_000_000n
  const elapsed = Bun.nanoseconds()
  const at = (nanoseconds: number) => now - BigInt(Math.round(elapsed - nanoseconds))
  const span = tracer.span({
    name: "Executor.run",
    parent: Option.some(parent),
    annotations: Context.empty(),
    links: [],
    startTime: at(run.startedAt),
    kind: "internal",
    root: false,
    sampled: true
  })
  span.attribute("run.rows", run.rows)
  span.end(at(run.endedAt), Exit.void)
}
