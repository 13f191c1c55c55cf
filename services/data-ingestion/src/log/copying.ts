import { Effect, Layer } from "effect"
import { LogCopier } from "./LogCopier.ts"
import { LogTopic } from "./LogTopic.ts"

/** A consumer that ended is followed by another after this. */
const PAUSE = "1 second"

/** Moves on what the topic holds for as long as the layer lives. */
export const copying = Layer.effectDiscard(
  Effect.gen(function* () {
    const topic = yield* LogTopic
    const copier = yield* LogCopier
    yield* topic.consume(copier.copy).pipe(
      Effect.catchCause((cause) =>
        Effect.logError("nothing is copied from the log; tried again", cause)
      ),
      Effect.andThen(Effect.sleep(PAUSE)),
      Effect.forever,
      Effect.forkScoped
    )
  })
)
