import { Effect, Schema } from "effect"

const Problem = Schema.fromJsonString(
  Schema.Struct({
    title: Schema.String,
    detail: Schema.optionalKey(Schema.String),
    errors: Schema.optionalKey(
      Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String }))
    )
  })
)

/** A refusal in the words of who refused. */
export const explained = (text: string): Effect.Effect<string> =>
  Schema.decodeUnknownEffect(Problem)(text).pipe(
    Effect.map(({ detail, errors = [], title }) =>
      [title, detail, ...errors.map((it) => `${it.pointer || "/"}: ${it.detail}`)]
        .filter((part) => part !== undefined)
        .join("; ")
        .slice(0, 1000)
    ),
    Effect.orElseSucceed(() => "It is refused without a reason.")
  )
