import { Console, Effect, Option, Redacted, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { call, Refused } from "../ApiClient.ts"
import { givenText } from "../givenText.ts"
import { drawAnswer } from "../render/answer.ts"
import { keyFlag, readTarget, secretKeyOf, stackFlag } from "../Target.ts"

const Answer = Schema.Struct({
  kind: Schema.String,
  result: Schema.Unknown,
  meta: Schema.Struct({
    asOf: Schema.String,
    elapsedMs: Schema.Finite,
    rowsRead: Schema.Finite,
    warnings: Schema.Array(Schema.String)
  })
})

const Body = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))

/** JSON is a query as `POST /v1/query` takes it; everything else is SQL. */
const bodyOf = Effect.fn(function* (given: string) {
  const text = (yield* givenText(given)).trim()
  if (!text.startsWith("{")) return { kind: "sql", query: text }
  return yield* Schema.decodeUnknownEffect(Body)(text).pipe(
    Effect.mapError(
      () => new Refused({ status: 0, message: "the query is not valid JSON" })
    )
  )
})

export const queryCommand = Command.make(
  "query",
  {
    query: Argument.String("query").pipe(
      Argument.withDescription(
        "A query as JSON, or SQL over events, people and sessions; @file reads a file, - standard input"
      )
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print the answer as it came"),
      Flag.withDefault(false)
    ),
    key: keyFlag,
    stack: stackFlag
  },
  Effect.fn(function* ({ json, key, query, stack }) {
    const target = yield* readTarget(stack)
    const secret = Redacted.value(yield* secretKeyOf(target, key))
    const body = yield* bodyOf(query)
    const answer = yield* call("POST", `${target.api}/v1/query`, secret, Answer, body)
    if (json) return yield* Console.log(JSON.stringify(answer, null, 2))
    const { asOf, elapsedMs, rowsRead, warnings } = answer.meta
    yield* Console.log(drawAnswer(answer.kind, answer.result))
    yield* Console.log(
      `as of ${asOf} · ${Math.round(elapsedMs)} ms · ${rowsRead} rows read`
    )
    if (warnings.length > 0) yield* Console.log(`warnings: ${warnings.join(", ")}`)
    return Option.none()
  })
).pipe(
  Command.withDescription("Ask a question; tables and small charts on the terminal")
)
