import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Schema } from "effect"
import { type Fault, sayFault } from "./Fault.ts"
import { startOwnStack } from "./ownStack.ts"
import type { Page } from "./Page.ts"
import { repositoryPages } from "./repositoryPages.ts"
import { runPrograms } from "./runPrograms.ts"
import { runQueries } from "./runQueries.ts"
import { runShell } from "./runShell.ts"
import { runStatements } from "./runStatements.ts"
import { readStack, type Stack } from "./Stack.ts"
import { makeShims, makeWorkplace } from "./shims.ts"
import { querySteps, shellSteps } from "./steps.ts"

class SamplesFailed extends Schema.TaggedError<SamplesFailed>()("SamplesFailed", {
  message: Schema.String
}) {}

/** `DOCS_STACK` names the STACK_DATA of a running stack to be used instead of an own one. */
const withStack = Effect.acquireRelease(
  attempt(async () => {
    const running = process.env["DOCS_STACK"]
    return running === undefined
      ? await startOwnStack()
      : { ...(await readStack(running)), stop: async () => {} }
  }),
  ({ stop }) => Effect.promise(stop)
)

const withFolder = Effect.acquireRelease(
  attempt(() => mkdtemp(join(tmpdir(), "analytics-samples-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

function attempt<A>(work: () => Promise<A>) {
  return Effect.tryPromise({
    try: work,
    catch: (error) => new SamplesFailed({ message: String(error) })
  })
}

const say = (text: string) =>
  Effect.sync(() => {
    process.stdout.write(`${text}\n`)
  })

const timed = Effect.fnUntraced(function* (
  page: Page,
  what: string,
  count: number,
  work: () => Promise<ReadonlyArray<Fault>>
) {
  const start = performance.now()
  const faults = yield* attempt(work)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  yield* say(
    `${faults.length === 0 ? "✓" : "✗"} ${page.path}: ${count} ${what}, ${seconds} s`
  )
  yield* Effect.forEach(faults, (fault) => say(`    ${sayFault(fault)}`))
  return faults
})

/**
 * Pages that show what the demo's data says come before those that may change it; of these
 * the one with the most to do comes first, so that nobody waits for it at the end.
 */
const inOrder = (pages: ReadonlyArray<Page>) => {
  const steps = (page: Page) => shellSteps(page).length
  const shows = (page: Page) =>
    shellSteps(page).some(({ shown }) => shown !== undefined)
  const others = pages.filter((page) => !shows(page))
  return [...pages.filter(shows), ...others.toSorted((a, b) => steps(b) - steps(a))]
}

/** Questions first, while the demo's data is as it was sent; then what changes it. */
const runAll = Effect.fnUntraced(function* (
  pages: ReadonlyArray<Page>,
  stack: Stack,
  folder: string
) {
  const shims = join(folder, "bin")
  yield* attempt(() => makeShims(shims))
  const asked = yield* Effect.forEach(pages, (page) => {
    const count = querySteps(page).length
    return count === 0
      ? Effect.succeed([])
      : timed(page, "questions", count, () => runQueries(page, stack))
  })
  const run = yield* Effect.forEach(
    inOrder(pages),
    Effect.fnUntraced(function* (page, at) {
      const steps = shellSteps(page).length
      const others = page.samples.filter(
        ({ language }) => language === "ts" || language === "sql"
      ).length
      if (steps + others === 0) return []
      const place = join(folder, String(at))
      return yield* timed(page, "steps", steps + others, async () => {
        await makeWorkplace(place)
        return [
          ...(await runShell(page, { stack, folder: place, shims })),
          ...(await runPrograms(page, stack)),
          ...(await runStatements(page, stack))
        ]
      })
    }),
    { concurrency: 2 }
  )
  return [...asked, ...run].flat()
})

/** `bun run docs:samples [page…]`: everything that samples say, against a stack. */
const program = Effect.gen(function* () {
  const wanted = process.argv.slice(2)
  const pages = (yield* attempt(repositoryPages)).filter(
    ({ path }) => wanted.length === 0 || wanted.includes(path)
  )
  const stack = yield* withStack
  const folder = yield* withFolder
  const faults = yield* runAll(pages, stack, folder)
  if (faults.length > 0)
    return yield* new SamplesFailed({
      message: `${faults.length} samples do not do what their page says`
    })
})

if (import.meta.main)
  NodeRuntime.runMain(
    Effect.scoped(program).pipe(
      Effect.tapError(({ message }) =>
        Effect.sync(() => process.stderr.write(`${message}\n`))
      )
    ),
    { disableErrorReporting: true }
  )
