import { readFile } from "node:fs/promises"
import { ConfigProvider, Effect } from "effect"

/**
 * Reads every variable from `NAME` or, for secrets mounted as files, from the file that
 * `NAME_FILE` names (a newline at its end is dropped).
 *
 * Fails when both are set, since nobody could say which one is meant, and when the file
 * cannot be read.
 */
export const withFiles = (
  source: ConfigProvider.ConfigProvider
): ConfigProvider.ConfigProvider =>
  ConfigProvider.make(
    Effect.fnUntraced(function* (path) {
      const name = path.join("_")
      const value = yield* scalar(source, name)
      const file = yield* scalar(source, `${name}_FILE`)
      if (file === undefined)
        return value === undefined ? undefined : ConfigProvider.makeValue(value)
      if (value !== undefined)
        return yield* refuse(
          `${name} and ${name}_FILE are both set; remove one of them`
        )
      const content = yield* Effect.tryPromise({
        try: () => readFile(file, "utf8"),
        catch: (cause) =>
          new ConfigProvider.SourceError({
            message: `${name}_FILE names ${file}, which cannot be read; check the path and its permissions`,
            cause
          })
      })
      const trimmed = content.replace(/\r?\n$/, "")
      return trimmed === ""
        ? yield* refuse(`${name}_FILE names ${file}, which is empty`)
        : ConfigProvider.makeValue(trimmed)
    })
  )

const refuse = (message: string) =>
  Effect.fail(new ConfigProvider.SourceError({ message }))

/** The text at `name`, if the source has one; `A` is also the parent of `A_FILE`. */
const scalar = (source: ConfigProvider.ConfigProvider, name: string) =>
  Effect.map(source.load([name]), (node) => node?.value)
