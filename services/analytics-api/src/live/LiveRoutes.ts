import { decodeStrictly } from "@analytics/analytics-core/query/decodeStrictly"
import { LiveRequest } from "@analytics/analytics-core/query/live/LiveRequest"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { Health } from "@analytics/api-common/Health"
import { sent } from "@analytics/api-common/WireSchema"
import {
  Context,
  Effect,
  Exit,
  type ManagedRuntime,
  Schema,
  Scope,
  Stream
} from "effect"
import { Elysia } from "elysia"
import { Auth } from "../access/Auth.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { Live, TooManyListeners } from "./Live.ts"
import { encode, keepAlive } from "./LiveMessage.ts"

const Opened = Schema.declare(
  (value): value is ReadableStream => value instanceof ReadableStream
)

/** What the answer is, in the words of OpenAPI: a stream cannot be described by a schema. */
const description = `Server-sent events, from now on or, with \`Last-Event-ID\`, from there on (at most five minutes back):
\`event\` (as in the answers of kind \`events\`), \`count\` (what is going on, at least every five seconds; its id is where to resume) and \`dropped\`
(events this connection did not take in time, or more than 200 at once). \`filters\` is the JSON of a filter list as in \`POST /v1/query\`.
Events are shown once they are stored. Watching never holds up ingestion.`

/** `GET /v1/live`. */
export const liveRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Live | Health, ER>
) =>
  new Elysia({ tags: ["live"] }).use(effectPlugin(runtime)).get(
    "/v1/live",
    async ({ headers, query, request, run, set }) => {
      const opened = await run(
        Opened,
        Effect.gen(function* () {
          const access = yield* (yield* Auth).project(headers["authorization"], "query")
          const watched = yield* requestOf(query)
          const scope = yield* Scope.make()
          const messages = yield* (yield* Live)
            .listen(
              { id: access.projectId, timezone: access.timezone },
              watched,
              resumeAt(headers["last-event-id"])
            )
            .pipe(
              Scope.provide(scope),
              Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
            )
          const { draining } = yield* Health
          return messages.pipe(
            Stream.map(encode),
            Stream.merge(Stream.tick("15 seconds").pipe(Stream.as(keepAlive))),
            Stream.interruptWhen(draining),
            Stream.ensuring(Scope.close(scope, Exit.void)),
            Stream.encodeText,
            // Who has gone is not kept until there is something to say.
            Stream.toReadableStreamWith(Context.empty(), { signal: request.signal })
          )
        })
      )
      if (!(opened.response instanceof ReadableStream)) return opened
      set.headers["content-type"] = "text/event-stream; charset=utf-8"
      set.headers["cache-control"] = "no-store"
      set.headers["x-accel-buffering"] = "no"
      return opened.response
    },
    {
      response: {
        401: sent(Unauthorized),
        403: sent(Forbidden),
        422: sent(QueryInvalid),
        429: sent(TooManyListeners),
        503: sent(ControlUnavailable)
      },
      detail: {
        summary: "Watch events arrive",
        description,
        security: [{ key: [] }],
        parameters: [
          { name: "event", in: "query", schema: { type: "string" } },
          {
            name: "filters",
            in: "query",
            schema: { type: "string" },
            example: '[{"property":"plan","op":"is","value":"pro"}]'
          },
          { name: "includeBots", in: "query", schema: { type: "boolean" } },
          { name: "Last-Event-ID", in: "header", schema: { type: "string" } }
        ]
      }
    }
  )

const decode = decodeStrictly(LiveRequest)
const fromJson = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Unknown))

const flags = new Map([
  ["true", true],
  ["false", false]
])

const requestOf = Effect.fnUntraced(function* (
  query: Readonly<Record<string, string | undefined>>
) {
  const { filters, includeBots, ...rest } = query
  const given =
    filters === undefined
      ? {}
      : {
          filters: yield* fromJson(filters).pipe(
            Effect.mapError(() => QueryInvalid.at("/filters", "Expected JSON"))
          )
        }
  const bots =
    includeBots === undefined
      ? {}
      : { includeBots: flags.get(includeBots) ?? includeBots }
  return yield* decode({ ...rest, ...given, ...bots })
})

const resumeAt = (lastEventId: string | undefined): number | undefined =>
  lastEventId !== undefined && /^\d{1,15}$/u.test(lastEventId)
    ? Number(lastEventId)
    : undefined
