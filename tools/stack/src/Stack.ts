import { Effect, type Scope } from "effect"
import type { LogStream } from "./LogStream.ts"
import type { Part, PartFailed } from "./Part.ts"
import { RunFiles } from "./RunFiles.ts"
import { defaultLimits, type Limits, type Supervised, supervise } from "./Supervisor.ts"

/**
 * Starts the parts, each as soon as what it needs is ready, and ends when all are ready. The
 * scope stops them in reverse order. Fails with the first part that does not become ready.
 */
export const startParts = Effect.fn("Stack.startParts")(function* (
  parts: ReadonlyArray<Part>,
  limits: Limits = defaultLimits
): Effect.fn.Return<void, PartFailed, LogStream | RunFiles | Scope.Scope> {
  const files = yield* RunFiles
  const running = new Map<string, Supervised>()
  for (const part of inOrder(parts)) {
    const needs = part.needs.flatMap((name) => running.get(name)?.ready ?? [])
    const supervised = yield* supervise(
      part,
      Effect.all(needs, { concurrency: "unbounded", discard: true }),
      files.spawned,
      limits
    )
    running.set(part.name, supervised)
  }
  // Added last, so that it runs before the fibers' own finalizers, which know no levels.
  yield* Effect.addFinalizer(() => stopInReverse(parts, running))
  yield* Effect.forEach(running.values(), ({ ready }) => ready, {
    concurrency: "unbounded",
    discard: true
  })
})

/** Parts grouped so that each group needs only earlier ones; unknown needs are ignored. */
export const levels = (
  parts: ReadonlyArray<Part>
): ReadonlyArray<ReadonlyArray<Part>> => {
  const placed = new Set<string>()
  const result: Array<ReadonlyArray<Part>> = []
  const names = new Set(parts.map(({ name }) => name))
  let left = [...parts]
  while (left.length > 0) {
    const level = left.filter(({ needs }) =>
      needs.every((name) => placed.has(name) || !names.has(name))
    )
    if (level.length === 0) {
      throw new Error(`these parts need each other: ${left.map((it) => it.name)}`)
    }
    for (const { name } of level) placed.add(name)
    left = left.filter(({ name }) => !placed.has(name))
    result.push(level)
  }
  return result
}

const inOrder = (parts: ReadonlyArray<Part>): ReadonlyArray<Part> =>
  levels(parts).flat()

const stopInReverse = (
  parts: ReadonlyArray<Part>,
  running: ReadonlyMap<string, Supervised>
) =>
  Effect.forEach(
    levels(parts).toReversed(),
    (level) =>
      Effect.forEach(level, ({ name }) => running.get(name)?.stop ?? Effect.void, {
        concurrency: "unbounded",
        discard: true
      }),
    { discard: true }
  )
