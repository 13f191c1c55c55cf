import { type Token, tokens } from "./SqlLexer.ts"

/** A request from its first byte to the end of its statement. */
export interface Entry {
  /** The ids its client knows it by: query id and log_comment. */
  readonly ids: ReadonlyArray<string>
  readonly kill: () => void
}

/**
 * Requests that may still reach the engine. A KILL must also stop those the engine does
 * not list yet: a body that is still arriving or an insert that waits for a thread would
 * be stored after its killer saw that nothing of that id runs.
 */
export class InFlight {
  readonly #entries = new Set<Entry>()

  get size(): number {
    return this.#entries.size
  }

  /** Returns how to take it out again. */
  add(entry: Entry): () => void {
    this.#entries.add(entry)
    return () => this.#entries.delete(entry)
  }

  kill(id: string, except: Entry): void {
    for (const entry of this.#entries) {
      if (entry !== except && entry.ids.includes(id)) entry.kill()
    }
  }
}

const texts = (sql: string): ReadonlyArray<Token> =>
  [...tokens(sql)].filter(({ text }) => text !== ";")

/**
 * The id a KILL QUERY names by `query_id = …` or `Settings['log_comment'] = …`, a literal
 * or a parameter; undefined for any other condition, which only the engine can judge.
 */
export const killedId = (
  sql: string,
  parameters: URLSearchParams
): string | undefined => {
  const [kill, query, where, ...condition] = texts(sql)
  const head = [kill, query, where].map((token) => token?.text.toUpperCase())
  if (head.join(" ") !== "KILL QUERY WHERE") return undefined
  if (/^(A?SYNC)$/i.test(condition.at(-1)?.text ?? "")) condition.pop()
  const value = comparedTo(condition.map(({ text }) => text))
  const [first, second] = value ?? []
  if (value?.length === 1 && condition.at(-1)?.kind === "string") return first
  if (value?.length === 5 && first === "{") {
    return parameters.get(`param_${second}`) ?? undefined
  }
  return undefined
}

const subjects = [
  ["query_id", "="],
  ["Settings", "[", "log_comment", "]", "="]
]

/** What is compared with one of the subjects: `x` or `{ name : String }`. */
const comparedTo = (
  condition: ReadonlyArray<string>
): ReadonlyArray<string> | undefined => {
  const subject = subjects.find((parts) =>
    parts.every((part, index) => part === condition[index])
  )
  return subject && condition.slice(subject.length)
}
