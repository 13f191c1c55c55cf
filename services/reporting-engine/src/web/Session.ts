import { Clock, Effect, Option, Redacted, Schema } from "effect"
import { Secrets } from "../destinations/Secrets.ts"

/** Milliseconds: after a day's work a browser has to sign in again. */
const LIFETIME = 12 * 3_600_000
const NAME = "analytics_session"
/** What binds a cookie to its use. */
const OWNER = "web session"

const Session = Schema.fromJsonString(
  Schema.Struct({ authorization: Schema.String, until: Schema.Number })
)
const encode = Schema.encodeEffect(Session)
const decode = Schema.decodeEffect(Session)

/** Not read by scripts, not sent by other sites; `path` keeps it to the pages' own service. */
const cookie = (value: string, seconds: number, isSecure: boolean): string =>
  `${NAME}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`

/** The `Set-Cookie` that keeps a secret key in the browser, encrypted, for twelve hours. */
export const opened = Effect.fn("Session.opened")(function* (
  key: Redacted.Redacted,
  isSecure: boolean
) {
  const until = (yield* Clock.currentTimeMillis) + LIFETIME
  const authorization = `Bearer ${Redacted.value(key)}`
  const text = yield* Effect.orDie(encode({ authorization, until }))
  const sealed = (yield* Secrets).seal(OWNER, Redacted.make(text))
  return cookie(sealed, LIFETIME / 1000, isSecure)
})

export const closed = (isSecure: boolean): string => cookie("", 0, isSecure)

/** The `Authorization` header of whoever is signed in; none: nobody, or not any more. */
export const authorizationOf = Effect.fn("Session.authorizationOf")(function* (
  cookies: string | null
) {
  const value = (cookies ?? "")
    .split(/;\s*/u)
    .find((each) => each.startsWith(`${NAME}=`))
    ?.slice(NAME.length + 1)
  if (value === undefined || value === "") return Option.none<string>()
  const text = yield* Effect.option((yield* Secrets).open(OWNER, value))
  if (Option.isNone(text)) return Option.none<string>()
  const session = yield* Effect.option(decode(Redacted.value(text.value)))
  const now = yield* Clock.currentTimeMillis
  return Option.flatMap(session, ({ authorization, until }) =>
    now < until ? Option.some(authorization) : Option.none()
  )
})
