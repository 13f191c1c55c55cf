import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { pathOf } from "@analytics/api-common/pathOf"
import { Effect, type ManagedRuntime, Option, Schema } from "effect"
import { Elysia, ElysiaCustomStatusResponse } from "elysia"
import { Auth } from "../access/Auth.ts"
import { type Answer, Idempotency, type Keyed, keyedRequest } from "./Idempotency.ts"

const writes = new Set(["POST", "PATCH", "PUT", "DELETE"])
/** They write nothing. */
const reads =
  /^\/((v1\/(query|queries|people|live)|internal)(\/|$)|v1\/(insights|dashboards)\/[^/]+\/result$)/u

/**
 * `Idempotency-Key` on every write behind it: a request that is sent again gets the answer
 * of the first, with `Idempotency-Replayed: true`, and changes nothing.
 */
export const idempotencyPlugin = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Idempotency, ER>
) => {
  /** Requests that hold their key, until they are answered. */
  const held = new WeakMap<Request, Keyed>()

  const end = (request: Request, route: string, status: number, body: unknown) => {
    const keyed = held.get(request)
    if (keyed === undefined) return undefined
    held.delete(request)
    return runtime.runPromise(
      Effect.gen(function* () {
        yield* (yield* Idempotency).end(keyed, { status, body })
      }).pipe(
        Effect.annotateLogs({
          "http.route": route,
          "http.request.method": request.method
        })
      )
    )
  }

  return new Elysia({ name: "@analytics/analytics-api/idempotency" })
    .use(effectPlugin(runtime))
    .onBeforeHandle(
      { as: "global" },
      async ({ body, headers, notes, request, run, set }) => {
        const path = pathOf(request)
        if (!writes.has(request.method) || reads.test(path)) return undefined
        const keyed = keyedRequest(headers, request.method, path, body)
        if (keyed === undefined) return undefined
        const earlier: { answer?: Answer } = {}
        const answer = await run(
          Schema.Void,
          Effect.gen(function* () {
            // Nobody unknown takes a place in the store; the route itself refuses them.
            const known = yield* Effect.result(
              (yield* Auth).adminOrProject(headers["authorization"])
            )
            if (known._tag === "Failure") return
            const before = yield* (yield* Idempotency).begin(keyed)
            if (Option.isNone(before)) held.set(request, keyed)
            else {
              earlier.answer = before.value
              notes.headers["idempotency-replayed"] = "true"
            }
          })
        )
        if (answer.code !== 200) return answer
        if (earlier.answer === undefined) return undefined
        const { body: text, status } = earlier.answer
        set.status = status
        return text === null || text === undefined
          ? new Response(null, { status })
          : new ElysiaCustomStatusResponse(status, text)
      }
    )
    .onAfterHandle({ as: "global" }, async ({ request, responseValue, route, set }) => {
      const isAnswer = responseValue instanceof ElysiaCustomStatusResponse
      const status = isAnswer ? Number(responseValue.code) : Number(set.status ?? 200)
      const body = isAnswer ? responseValue.response : responseValue
      await end(request, route, status, body)
    })
    .onError({ as: "global" }, async ({ request, route }) => {
      // What failed outside its program may be sent again.
      await end(request, route, 500, undefined)
    })
}
