import type { LiveRequest } from "@analytics/analytics-core/query/live/LiveRequest"
import {
  Clock,
  Context,
  Effect,
  Layer,
  RcMap,
  Schema,
  type Scope,
  type Stream
} from "effect"
import { HttpApiError } from "effect/http-api"
import type { AskingProject } from "../query/Queries.ts"
import { QueryRepo } from "../query/QueryRepo.ts"
import { Watermark } from "../query/Watermark.ts"
import { Listener } from "./Listener.ts"
import { liveFeed, type Watched } from "./LiveFeed.ts"
import type { LiveMessage } from "./LiveMessage.ts"

/** The project, or the process, has as many live connections as it may. */
export class TooManyListeners extends HttpApiError.Problem<TooManyListeners>()(
  "TooManyListeners",
  {
    type: "urn:analytics:problem:too-many-listeners",
    status: 429,
    title: "Too many live connections are open; close one, or try again later"
  },
  { retryAfter: Schema.Int }
) {}

const MAX_OF_PROJECT = 20
const MAX_OF_PROCESS = 500
/** How far back a reader may resume, in milliseconds. */
const MAX_RESUME = 300_000

/** Events as they arrive, for whoever watches. */
export class Live extends Context.Service<
  Live,
  {
    /**
     * The messages for one connection, until its scope closes. `after` is the watermark
     * (epoch milliseconds) up to which it has seen everything.
     */
    listen(
      project: AskingProject,
      request: LiveRequest,
      after: number | undefined
    ): Effect.Effect<Stream.Stream<LiveMessage>, TooManyListeners, Scope.Scope>
  }
>()("@analytics/analytics-api/live/Live") {
  static readonly layer = Layer.effect(
    Live,
    Effect.gen(function* () {
      const repo = yield* QueryRepo
      const watermarks = yield* Watermark
      const feeds = yield* RcMap.make({
        // Connections that watch the same share their looks into the store.
        lookup: (watched: Watched) => liveFeed(watched, watermarks, repo)
      })
      const connections = new Map<number, number>()
      let open = 0

      const enter = Effect.fnUntraced(function* (project: number) {
        const own = connections.get(project) ?? 0
        if (own >= MAX_OF_PROJECT || open >= MAX_OF_PROCESS)
          return yield* new TooManyListeners({
            retryAfter: 10,
            detail: `A project may have ${MAX_OF_PROJECT} live connections.`
          })
        connections.set(project, own + 1)
        open++
      })

      const leave = (project: number) =>
        Effect.sync(() => {
          const left = (connections.get(project) ?? 1) - 1
          if (left === 0) connections.delete(project)
          else connections.set(project, left)
          open--
        })

      return Live.of({
        listen: Effect.fn("Live.listen")(function* (project, request, after) {
          yield* Effect.acquireRelease(enter(project.id), () => leave(project.id))
          const oldest = (yield* Clock.currentTimeMillis) - MAX_RESUME
          const from = after === undefined ? undefined : Math.max(after, oldest)
          const feed = yield* RcMap.get(feeds, { project, request, after: from })
          const listener = yield* Effect.acquireRelease(
            Effect.map(Listener.make, (listener) => {
              feed.listeners.add(listener)
              return listener
            }),
            (listener) => Effect.sync(() => feed.listeners.delete(listener))
          )
          return listener.messages
        })
      })
    })
  )
}
