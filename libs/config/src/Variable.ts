import { Option, Result } from "effect"
import type { Kind } from "./Kind.ts"

/** The processes that read a variable. */
export type Process =
  | "analytics-api"
  | "data-ingestion"
  | "loader"
  | "batch-processor"
  | "ml-inference"
  | "reporting-engine"
  | "embedded-clickhouse"
  | "migrate"
  | "stack"
  | "cli"
  | "manifests"
  | "samples"

interface About {
  readonly of: ReadonlyArray<Process>
  readonly description: string
}

/** What is wrong with the text of a variable, if anything. */
export type Flaw = "missing" | "invalid"

/** One environment variable; its name is its key in `variables`. */
export interface Variable<out A> extends About {
  /** Completes the sentence "must be …". */
  readonly label: string
  readonly secret: boolean
  /** `default` and `required` as the reader of the documentation sees them. */
  readonly fallback: string
  readonly read: (text: string | undefined) => Result.Result<A, Flaw>
}

/** The program refuses to start without it. */
export const required = <A>(kind: Kind<A>, about: About): Variable<A> => ({
  ...about,
  label: kind.label,
  secret: kind.secret,
  fallback: "required",
  read: (text) => (text === undefined ? Result.fail("missing") : parsed(kind, text))
})

/** `fallback` is text, parsed like any other, so that what is documented is what is used. */
export const defaulted = <A>(
  kind: Kind<A>,
  fallback: string,
  about: About
): Variable<A> => ({
  ...about,
  label: kind.label,
  secret: kind.secret,
  fallback: `\`${fallback}\``,
  read: (text) => parsed(kind, text ?? fallback)
})

export const optional = <A>(
  kind: Kind<A>,
  about: About
): Variable<Option.Option<A>> => ({
  ...about,
  label: kind.label,
  secret: kind.secret,
  fallback: "none",
  read: (text) =>
    text === undefined
      ? Result.succeed(Option.none())
      : Result.map(parsed(kind, text), Option.some)
})

const parsed = <A>(kind: Kind<A>, text: string): Result.Result<A, Flaw> =>
  Result.fromOption(kind.parse(text), () => "invalid" as const)
