import { Effect, Stream } from "effect"
import { type Event as ServerSentEvent, decode as sse } from "effect/encoding/Sse"
import { HttpClient, type HttpClientRequest } from "effect/http"
import { explain, Refused, Unreachable } from "./ApiClient.ts"

/**
 * Server-sent events of one connection, made anew with each run of the stream. It fails as
 * `Unreachable` when the connection ends, so that whoever still wants more runs it again;
 * a refusal is for good.
 */
export const serverEvents = (
  request: () => HttpClientRequest.HttpClientRequest
): Stream.Stream<ServerSentEvent, Refused | Unreachable, HttpClient.HttpClient> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const response = yield* HttpClient.execute(request()).pipe(
        Effect.mapError((error) => new Unreachable({ message: error.message }))
      )
      const { status } = response
      if (status !== 200)
        return yield* Effect.flatMap(
          Effect.orElseSucceed(response.text, () => ""),
          (text) =>
            Effect.fail(
              status === 429 || status >= 500
                ? new Unreachable({ message: explain(status, text) })
                : new Refused({ status, message: explain(status, text) })
            )
        )
      return response.stream.pipe(
        Stream.decodeText,
        Stream.pipeThroughChannel(sse()),
        Stream.mapError((error) => new Unreachable({ message: String(error) })),
        Stream.concat(
          Stream.fail(new Unreachable({ message: "the service ended the connection" }))
        )
      )
    })
  )
