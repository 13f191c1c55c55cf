import { readFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Schema } from "effect"
import { parseLcov } from "./Lcov.ts"
import { sourceFiles } from "./SourceFiles.ts"
import { judge } from "./Verdict.ts"

/** Of lines and of functions, over the whole repository. */
const threshold = 0.8

class CoverageTooLow extends Schema.TaggedError<CoverageTooLow>()("CoverageTooLow", {
  message: Schema.String
}) {}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

/** Judges `coverage/lcov.info`, which the last test run with `--coverage` wrote. */
const program = Effect.gen(function* () {
  const root = resolve(import.meta.dirname, "../../..")
  const report = yield* Effect.tryPromise({
    try: () => readFile(join(root, "coverage/lcov.info"), "utf8"),
    catch: () =>
      new CoverageTooLow({
        message: "There is no coverage/lcov.info: run the tests with --coverage first"
      })
  })
  const verdict = judge(sourceFiles(root), parseLcov(report), threshold)
  const shares = `lines ${percent(verdict.lines)}, functions ${percent(verdict.functions)}`
  if (!verdict.passed) {
    return yield* new CoverageTooLow({
      message: [
        `Coverage: ${shares}; at least ${percent(threshold)} of each is wanted.`,
        ...verdict.notLoaded.map((file) => `  no test loads ${file}`)
      ].join("\n")
    })
  }
  process.stdout.write(`Coverage: ${shares}\n`)
})

if (import.meta.main) {
  NodeRuntime.runMain(
    program.pipe(
      Effect.tapError(({ message }) =>
        Effect.sync(() => process.stderr.write(`${message}\n`))
      )
    ),
    { disableErrorReporting: true }
  )
}
