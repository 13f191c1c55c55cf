import { Console, Effect, Option, Schedule, Schema, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import type { Event as ServerSentEvent } from "effect/encoding/Sse"
import { HttpClientRequest } from "effect/http"
import { Unreachable } from "../ApiClient.ts"
import { printable } from "../render/table.ts"
import { serverEvents } from "../ServerEvents.ts"
import { keyFlag, readTarget, secretKeyOf, stackFlag } from "../Target.ts"

const Arrived = Schema.fromJsonString(
  Schema.Struct({
    event: Schema.String,
    timestamp: Schema.String,
    userId: Schema.NullOr(Schema.String),
    anonymousId: Schema.NullOr(Schema.String),
    properties: Schema.Record(Schema.String, Schema.Unknown)
  })
)
const Dropped = Schema.fromJsonString(Schema.Struct({ events: Schema.Int }))

const line = ({ data, event }: ServerSentEvent): string | undefined => {
  if (event === "event") {
    const shown = Schema.decodeUnknownOption(Arrived)(data)
    if (Option.isNone(shown)) return printable(data)
    const { anonymousId, event: name, properties, timestamp, userId } = shown.value
    const who = userId ?? anonymousId ?? ""
    return printable(
      `${timestamp}  ${name.padEnd(24)}  ${who.padEnd(20)}  ${JSON.stringify(properties)}`
    )
  }
  const dropped =
    event === "dropped" ? Schema.decodeUnknownOption(Dropped)(data) : Option.none()
  return Option.isSome(dropped)
    ? `… ${dropped.value.events} more, not shown`
    : undefined
}

export const tailCommand = Command.make(
  "tail",
  {
    event: Flag.String("event").pipe(
      Flag.withDescription("Only events of this name"),
      Flag.optional
    ),
    filters: Flag.String("filters").pipe(
      Flag.withDescription(
        'Filters as JSON: [{"property":"plan","op":"is","value":1}]'
      ),
      Flag.optional
    ),
    limit: Flag.Int("limit").pipe(
      Flag.withDescription("End after so many events"),
      Flag.optional
    ),
    key: keyFlag,
    stack: stackFlag
  },
  Effect.fn(function* ({ event, filters, key, limit, stack }) {
    const target = yield* readTarget(stack)
    const secret = yield* secretKeyOf(target, key)
    let resumeAt: string | undefined

    /** Refusals are for good; everything else is tried again. */
    const connection = serverEvents(() =>
      HttpClientRequest.get(`${target.api}/v1/live`).pipe(
        HttpClientRequest.setUrlParams({
          ...(Option.isSome(event) ? { event: event.value } : {}),
          ...(Option.isSome(filters) ? { filters: filters.value } : {})
        }),
        HttpClientRequest.bearerToken(secret),
        HttpClientRequest.setHeaders(
          resumeAt === undefined ? {} : { "last-event-id": resumeAt }
        )
      )
    ).pipe(
      Stream.tap((message) =>
        Effect.sync(() => {
          resumeAt = message.id ?? resumeAt
        })
      ),
      Stream.tapError((error) => Console.error(`… ${error.message}`)),
      // As with `tail -F`, whoever watches decides when it is over.
      Stream.retry(
        Schedule.spaced("1 second").pipe(
          Schedule.while(({ input }) => input instanceof Unreachable)
        )
      )
    )
    const shown = connection.pipe(
      Stream.map(line),
      Stream.filter((text) => text !== undefined)
    )
    yield* Option.match(limit, {
      onNone: () => shown,
      onSome: (count) => Stream.take(shown, count)
    }).pipe(Stream.runForEach((text) => Console.log(text)))
  })
).pipe(Command.withDescription("Watch events arrive; Ctrl-C ends"))
