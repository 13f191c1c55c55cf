import { Installation } from "@analytics/database/Installation"
import { sampledTraceparent } from "@analytics/observability/traceparent"
import { Effect, Layer } from "effect"
import { EventLog } from "../inbox/EventLog.ts"
import { rowsOf } from "../inbox/InboxRow.ts"
import { undivided } from "../inbox/ShardMap.ts"
import { entryOf } from "./LogFrame.ts"
import { LogTopic } from "./LogTopic.ts"

/** Brokers take messages of 1 MiB unless they are told otherwise. */
const MAX_WRITE_BYTES = 768 * 1024

/** A topic: what all its replicas have is acknowledged, and copied to the inbox later. */
export const layer = Layer.effect(
  EventLog,
  Effect.gen(function* () {
    const topic = yield* LogTopic
    const { id } = yield* Installation
    return EventLog.of({
      maxBytes: MAX_WRITE_BYTES,
      // The map of the moment it is copied will say which shards they go to.
      write: (submissions) =>
        Effect.flatMap(sampledTraceparent, (trace) =>
          topic.send(
            rowsOf(submissions, undivided).map((row) => entryOf(id, row, trace))
          )
        )
    })
  })
)
