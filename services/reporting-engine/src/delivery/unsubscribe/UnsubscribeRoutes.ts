import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Option, Schema } from "effect"
import { Elysia } from "elysia"
import { Deliveries } from "../Deliveries.ts"
import { UnsubscribeLinks, type Unsubscription } from "./UnsubscribeLinks.ts"
import { unsubscribePage } from "./unsubscribePage.ts"

const Params = Schema.Struct({
  token: Schema.String.check(Schema.isMaxLength(2000))
})

const headers = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
}
const page = (body: string, status = 200) => new Response(body, { status, headers })

/**
 * `/v1/unsubscribe/{token}`, without a key. Reading it only asks: whoever looks at links
 * ahead of people unsubscribes nobody. Mail programs post (RFC 8058), as its button does.
 */
export const unsubscribeRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Deliveries | UnsubscribeLinks, ER>
) => {
  const asked = (
    token: string,
    todo: (who: Unsubscription) => Effect.Effect<Response, never, Deliveries>
  ) =>
    Effect.gen(function* () {
      const who = (yield* UnsubscribeLinks).read(token)
      return Option.isNone(who)
        ? page(unsubscribePage("unknown"), 404)
        : yield* todo(who.value)
    })
  const away = () => Effect.succeed(page(unsubscribePage("away"), 503))
  return new Elysia({ prefix: "/v1/unsubscribe", tags: ["delivery"] })
    .use(effectPlugin(runtime))
    .get(
      "/:token",
      ({ params, runResponse }) =>
        runResponse(
          asked(params.token, ({ recipient }) =>
            Effect.succeed(page(unsubscribePage("asks", recipient, params.token)))
          )
        ),
      {
        params: received(Params),
        detail: {
          summary: "A page that asks whether to unsubscribe",
          description: "The link of an e-mail. Reading it changes nothing."
        }
      }
    )
    .post(
      "/:token",
      ({ params, runResponse }) =>
        runResponse(
          asked(params.token, (who) =>
            Effect.flatMap(Deliveries, ({ unsubscribe }) => unsubscribe(who)).pipe(
              Effect.as(page(unsubscribePage("done", who.recipient, params.token))),
              Effect.catch(away)
            )
          )
        ),
      {
        params: received(Params),
        parse: "none",
        detail: {
          summary: "Unsubscribe",
          description: "One click (RFC 8058): the body is not looked at."
        }
      }
    )
    .post(
      "/:token/undo",
      ({ params, runResponse }) =>
        runResponse(
          asked(params.token, (who) =>
            Effect.flatMap(Deliveries, ({ subscribeAgain }) =>
              subscribeAgain(who)
            ).pipe(
              Effect.as(page(unsubscribePage("undone", who.recipient))),
              Effect.catch(away)
            )
          )
        ),
      {
        params: received(Params),
        parse: "none",
        detail: { summary: "Subscribe again after a mistake" }
      }
    )
}
