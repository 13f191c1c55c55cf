import { ConfigProvider, Effect, Result, Schema } from "effect"
import { withFiles } from "./ConfigSource.ts"
import type { Variable } from "./Variable.ts"
import { type VariableName, type Variables, variables } from "./variables.ts"

/** Settings that cannot be used: every one of them, each with its remedy. */
export class InvalidSettings extends Schema.TaggedError<InvalidSettings>()(
  "InvalidSettings",
  { problems: Schema.Array(Schema.String) }
) {
  override get message() {
    return this.problems.join("\n")
  }
}

type ValueOf<Name extends VariableName> =
  Variables[Name] extends Variable<infer A> ? A : never

/**
 * Reads variables into the fields of a settings object, from `NAME` or `NAME_FILE`, and
 * reports everything that is wrong at once.
 */
export const load = <const Names extends { readonly [field: string]: VariableName }>(
  names: Names
): Effect.Effect<
  { readonly [Field in keyof Names]: ValueOf<Names[Field]> },
  InvalidSettings
> =>
  Effect.gen(function* () {
    const source = withFiles(yield* ConfigProvider.ConfigProvider)
    const problems: Array<string> = []
    const values: Record<string, unknown> = {}
    for (const [field, name] of Object.entries(names)) {
      const value = yield* Effect.result(read(source, name))
      if (Result.isSuccess(value)) values[field] = value.success
      else problems.push(value.failure)
    }
    if (problems.length > 0) return yield* new InvalidSettings({ problems })
    return values as { readonly [Field in keyof Names]: ValueOf<Names[Field]> }
  })

/** The value of one variable, or one sentence on what is wrong and what to do. */
const read = Effect.fnUntraced(function* (
  source: ConfigProvider.ConfigProvider,
  name: VariableName
) {
  const variable: Variable<unknown> = variables[name]
  const node = yield* source
    .load([name])
    .pipe(Effect.mapError((error) => error.message))
  const text = node?.value
  return yield* Effect.fromResult(
    Result.mapError(variable.read(text), (flaw) =>
      flaw === "missing"
        ? `${name} is not set. ${variable.description} Set ${name}, or ${name}_FILE to a file that holds it.`
        : `${name} must be ${variable.label}${shown(variable, text)}.`
    )
  )
})

const shown = (variable: Variable<unknown>, text: string | undefined) =>
  variable.secret ? "" : `, not ${JSON.stringify(text)}`

/** A setting that contradicts another one. */
export const contradiction = (problem: string) =>
  new InvalidSettings({ problems: [problem] })
