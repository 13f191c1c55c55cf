import { parseQuery } from "@analytics/analytics-core/query/Query"
import { Effect, Result } from "effect"
import type { Fault } from "./Fault.ts"
import type { Page } from "./Page.ts"
import { optedOut, type Sample } from "./Sample.ts"

/** Samples of one page that may say why they are not run. */
export const optOutsOfAPage = 10

/** Languages whose samples are run or checked. */
const judged = ["sh", "console", "ts", "json", "sql", "yaml", "toml"]

/** Languages of what is only shown. */
const shown = [
  "text",
  "output",
  "dockerfile",
  "promql",
  "http",
  "csv",
  "html",
  "xml",
  "ini",
  "diff",
  "js",
  "starlark",
  "makefile"
]

const languages = new Set([...judged, ...shown])

/** What a program would say of a text that it cannot read; undefined: it can. */
const faultOf = (read: () => unknown): string | undefined => {
  try {
    read()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const queryFault = (text: string): string | undefined => {
  const unreadable = faultOf(() => JSON.parse(text))
  if (unreadable !== undefined) return unreadable
  const result = Effect.runSync(Effect.result(parseQuery(JSON.parse(text))))
  return Result.isFailure(result)
    ? `no body of /v1/query: ${JSON.stringify(result.failure.errors)}`
    : undefined
}

/** What `make` and `bun run` can be asked for, as the root says. */
export interface Commands {
  readonly targets: ReadonlySet<string>
  readonly scripts: ReadonlySet<string>
  readonly exists: (path: string) => boolean
}

const command = /^\s*(?:\$ )?(make|bun run) (.*)$/gm

/** Commands that the root does not know, also in samples that are not run. */
const unknownCommands = (text: string, commands: Commands): ReadonlyArray<string> =>
  [...text.matchAll(command)].flatMap(([, program = "", rest = ""]) => {
    const [name = ""] = rest.split(/\s+/).filter((word) => !/^(?:-|\w+=)/.test(word))
    if (name === "" || /[<{$]/.test(name)) return []
    const known =
      program === "make"
        ? commands.targets.has(name)
        : commands.scripts.has(name) || commands.exists(name)
    return known ? [] : [`${program} ${name}: there is no such thing`]
  })

const faultsOf = (sample: Sample, commands: Commands): ReadonlyArray<string> => {
  const { language, text, words } = sample
  const some = (fault: string | undefined) => (fault === undefined ? [] : [fault])
  if (language === "")
    return ["the block names no language: text is for what is only shown"]
  if (!languages.has(language))
    return [`${language} is none of ${[...languages].join(", ")}`]
  if (optedOut(sample) !== undefined && optedOut(sample)?.trim() === "")
    return ["no-run without a reason"]
  if (language === "sh" || language === "console")
    return unknownCommands(text, commands)
  if (optedOut(sample) !== undefined) return []
  if (language === "json")
    return some(words.has("query") ? queryFault(text) : faultOf(() => JSON.parse(text)))
  if (language === "yaml") return some(faultOf(() => Bun.YAML.parse(text)))
  if (language === "toml") return some(faultOf(() => Bun.TOML.parse(text)))
  return []
}

/** What can be known of samples without running them. */
export const checkSamples = (
  pages: ReadonlyArray<Page>,
  commands: Commands
): ReadonlyArray<Fault> =>
  pages.flatMap(({ path, samples }) => {
    const optOuts = samples.filter((sample) => optedOut(sample) !== undefined)
    const tooMany =
      optOuts.length > optOutsOfAPage
        ? [{ path, line: 1, reason: `${optOuts.length} samples are not run` }]
        : []
    const faults = samples.flatMap((sample) =>
      faultsOf(sample, commands).map((reason) => ({ path, line: sample.line, reason }))
    )
    return [...tooMany, ...faults]
  })
