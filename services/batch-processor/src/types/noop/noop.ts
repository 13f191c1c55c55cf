import { Effect, Schema } from "effect"
import { JobRun } from "../../jobs/JobRun.ts"
import type { JobType } from "../../jobs/JobType.ts"

const Payload = Schema.Struct({
  note: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200)))
})
const Result = Schema.Struct({ note: Schema.NullOr(Schema.String) })

/** Does nothing, durably: whether jobs run at all, and how long that takes. */
export const noop: JobType<typeof Payload, typeof Result, never> = {
  name: "noop",
  description: "Does nothing in one step, to see that jobs run.",
  of: "either",
  payload: Payload,
  result: Result,
  limits: {
    perProject: 8,
    inAll: 32,
    waiting: 10_000,
    time: 60_000,
    memory: 1,
    attempts: 5
  },
  run: Effect.fnUntraced(function* ({ payload }) {
    const { step } = yield* JobRun
    return yield* step(
      "nothing",
      Result,
      Effect.succeed({ note: payload.note ?? null })
    )
  })
}
