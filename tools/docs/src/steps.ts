import type { Page } from "./Page.ts"
import { optedOut, type Sample } from "./Sample.ts"

/** Commands that are run together, and what they print as the page shows it. */
export interface ShellStep {
  readonly line: number
  readonly script: string
  readonly shown: string | undefined
  /** Statuses of 400 and more that its requests may get. */
  readonly refusals: ReadonlySet<number>
  /** It must fail; what it says of that is a part of what it prints. */
  readonly fails: boolean
}

/** A body of `POST /v1/query`, and the answer that the page shows. */
export interface QueryStep {
  readonly line: number
  readonly body: string
  readonly shown: string | undefined
}

/** The sample that belongs to the one before it, such as its output. */
const following = (
  samples: ReadonlyArray<Sample>,
  at: number,
  belongs: (sample: Sample) => boolean
): Sample | undefined => {
  const next = samples[at + 1]
  return next !== undefined && belongs(next) ? next : undefined
}

const refusalsOf = (sample: Sample) =>
  new Set((sample.options.get("status") ?? "").split(" ").filter(Boolean).map(Number))

/** Whether a shell would wait for more: an open quote, or a backslash at the end. */
const isOpen = (command: string) => {
  const bare = command.replace(/\\./gs, "")
  const quotes = bare.replace(/'[^']*'|"[^"]*"/g, "")
  return /['"]/.test(quotes) || command.endsWith("\\")
}

/** A transcript: commands behind `$ `, each with what it printed. */
const transcript = (sample: Sample): ReadonlyArray<ShellStep> => {
  const steps: Array<{ line: number; script: string; shown: Array<string> }> = []
  sample.text.split("\n").forEach((text, index) => {
    const step = steps.at(-1)
    if (step !== undefined && isOpen(step.script)) step.script += `\n${text}`
    else if (text.startsWith("$ "))
      steps.push({ line: sample.line + 1 + index, script: text.slice(2), shown: [] })
    else step?.shown.push(text)
  })
  return steps.map(({ line, script, shown }) => {
    const text = shown.join("\n").trim()
    return {
      line,
      script,
      shown: text === "" ? undefined : text,
      refusals: refusalsOf(sample),
      fails: sample.words.has("fails")
    }
  })
}

/** What a page's shell does, in order; what opted out is left out. */
export const shellSteps = ({ samples }: Page): ReadonlyArray<ShellStep> =>
  samples.flatMap((sample, at) => {
    if (optedOut(sample) !== undefined) return []
    if (sample.language === "console") return transcript(sample)
    if (sample.language !== "sh") return []
    const output = following(samples, at, (next) => next.language === "output")
    return {
      line: sample.line,
      script: sample.text,
      shown: output?.text,
      refusals: refusalsOf(sample),
      fails: sample.words.has("fails")
    }
  })

/** What a page asks: `json query`, and `sql` that names no store. */
export const querySteps = ({ samples }: Page): ReadonlyArray<QueryStep> =>
  samples.flatMap((sample, at) => {
    if (optedOut(sample) !== undefined) return []
    const answer = following(
      samples,
      at,
      (next) => next.language === "json" && next.words.has("answer")
    )
    const step = { line: sample.line, shown: answer?.text }
    if (sample.language === "json" && sample.words.has("query"))
      return { ...step, body: sample.text }
    return sample.language === "sql" && !sample.options.has("store")
      ? { ...step, body: JSON.stringify({ kind: "sql", query: sample.text }) }
      : []
  })
