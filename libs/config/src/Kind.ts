import { Duration, Option, Redacted, Schema } from "effect"

/** How the text of a variable becomes a value; `label` completes "must be …". */
export interface Kind<out A> {
  readonly label: string
  readonly secret: boolean
  readonly parse: (text: string) => Option.Option<A>
}

const decoded = <A>(label: string, codec: Schema.Codec<A, string>): Kind<A> => ({
  label,
  secret: false,
  parse: Schema.decodeUnknownOption(codec)
})

export const text: Kind<string> = {
  label: "text",
  secret: false,
  parse: Option.some
}

/** Text that never shows in a log, an error or a generated page. */
export const secret: Kind<Redacted.Redacted> = {
  label: "secret text",
  secret: true,
  parse: (given) => Option.some(Redacted.make(given))
}

/** A URL that may carry a password. */
export const secretUrl: Kind<Redacted.Redacted> = {
  label: "a URL (secret)",
  secret: true,
  parse: (given) =>
    URL.canParse(given) ? Option.some(Redacted.make(given)) : Option.none()
}

/** The text of a URL without the slash at its end, so that a path can follow. */
export const url: Kind<string> = {
  label: "a URL",
  secret: false,
  parse: (given) =>
    URL.canParse(given) ? Option.some(given.replace(/\/+$/, "")) : Option.none()
}

/** Where objects are kept. */
export type ObjectPlace =
  | { readonly kind: "folder"; readonly path: string }
  /** `prefix` is empty or ends with a slash. */
  | { readonly kind: "bucket"; readonly bucket: string; readonly prefix: string }

/** Not shown when it is wrong: somebody may have written a password into it. */
export const objectPlace: Kind<ObjectPlace> = {
  label:
    "a folder, as a path or file:///path, or a bucket, as s3://bucket/prefix without keys in it",
  secret: true,
  parse: (given) => {
    const bucket = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/u.exec(given)
    if (bucket?.[1] !== undefined) {
      const prefix = (bucket[2] ?? "").replace(/\/+$/u, "")
      return prefix === "" || /^[\w=-][\w.=-]*(?:\/[\w=-][\w.=-]*)*$/u.test(prefix)
        ? Option.some({
            kind: "bucket",
            bucket: bucket[1],
            prefix: prefix === "" ? "" : `${prefix}/`
          })
        : Option.none()
    }
    if (given.startsWith("file:///"))
      return Option.some({ kind: "folder", path: decodeURI(given.slice(7)) })
    return given === "" || /^[a-z0-9+.-]+:\/\//iu.test(given)
      ? Option.none()
      : Option.some({ kind: "folder", path: given })
  }
}

/** Such as `a, b`; the empty text is none. */
export const list: Kind<ReadonlyArray<string>> = {
  label: "values with commas between them",
  secret: false,
  parse: (given) =>
    Option.some(
      given
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "")
    )
}

const words = new Map([
  ["true", true],
  ["false", false]
])

export const flag: Kind<boolean> = {
  label: "true or false",
  secret: false,
  parse: (given) => Option.fromUndefinedOr(words.get(given.trim().toLowerCase()))
}

/** Such as `10 seconds` or `5 minutes`. */
export const duration: Kind<Duration.Duration> = {
  label: "a length of time, such as 10 seconds",
  secret: false,
  parse: (given) =>
    Option.filter(
      Schema.decodeUnknownOption(Schema.DurationFromString)(given),
      (it) => Duration.isFinite(it) && !Duration.isNegative(it)
    )
}

/** Such as `64 MiB`; the value is the number of bytes. */
export const byteSize: Kind<number> = {
  label: "a size, such as 64 MiB",
  secret: false,
  parse: (given) =>
    Option.map(Schema.decodeUnknownOption(Schema.ByteSizeFromString)(given), Number)
}

export const wholeNumber = (bounds: {
  readonly minimum: number
  readonly maximum: number
}) =>
  decoded(
    `a whole number from ${bounds.minimum} to ${bounds.maximum}`,
    Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween(bounds))
  )

export const port = wholeNumber({ minimum: 1, maximum: 65535 })

export const share = decoded(
  "a number from 0 to 1",
  Schema.FiniteFromString.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
)

/** One of a few words, in any case. */
export const oneOf = <const Word extends string>(
  ...words: ReadonlyArray<Word>
): Kind<Word> => ({
  label: `one of ${words.join(", ")}`,
  secret: false,
  parse: (given) =>
    Option.fromNullishOr(
      words.find((word) => word.toLowerCase() === given.trim().toLowerCase())
    )
})
