/** One fenced code block of a page. */
export interface Sample {
  /** Of its opening fence, from 1. */
  readonly line: number
  /** The first word of its info string; "" when it names none. */
  readonly language: string
  /** The other words, such as `query`. */
  readonly words: ReadonlySet<string>
  /** What `name="value"` says, such as `no-run`. */
  readonly options: ReadonlyMap<string, string>
  readonly text: string
}

const wordOrOption = /([\w-]+)(?:="([^"]*)")?/g

/** Reads ```` ```sh no-run="needs a cluster" ````, what follows the fence. */
export const readSample = (info: string, text: string, line: number): Sample => {
  const [language = "", ...rest] = info.trim().split(/\s+/)
  const words = new Set<string>()
  const options = new Map<string, string>()
  for (const [, name = "", value] of rest.join(" ").matchAll(wordOrOption))
    if (value === undefined) words.add(name)
    else options.set(name, value)
  return { language, words, options, text, line }
}

/** Why it is not run, if it opts out. */
export const optedOut = (sample: Sample): string | undefined =>
  sample.options.get("no-run")
