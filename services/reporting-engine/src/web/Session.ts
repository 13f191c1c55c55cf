import { ReportConfig } from "@analytics/config/ReportConfig"
import { Clock, Effect, Option, Redacted, Schema } from "effect"
import { Secrets } from "../destinations/Secrets.ts"

/** Milliseconds: after a day's work a browser has to sign in again. */
const LIFETIME = 12 * 3_600_000
/** What binds a cookie to its use. */
const OWNER = "web session"

const Session = Schema.fromJsonString(
  Schema.Struct({ authorization: Schema.String, until: Schema.Number })
)
const encode = Schema.encodeEffect(Session)
const decode = Schema.decodeEffect(Session)

const isSecure = Effect.map(ReportConfig, ({ publicUrl }) =>
  publicUrl.startsWith("https:")
)

/** `__Host-`: browsers take it from this very host alone, and only over TLS. */
const nameOf = (secure: boolean) =>
  secure ? "__Host-analytics_session" : "analytics_session"

/**
 * Not read by scripts, and not sent with what other sites post. It is sent when a link in
 * a message leads here, which is why it is not `Strict`.
 */
const cookie = (value: string, seconds: number) =>
  Effect.map(
    isSecure,
    (secure) =>
      `${nameOf(secure)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`
  )

/** The `Set-Cookie` that keeps a secret key in the browser, encrypted, for twelve hours. */
export const opened = Effect.fn("Session.opened")(function* (key: Redacted.Redacted) {
  const until = (yield* Clock.currentTimeMillis) + LIFETIME
  const authorization = `Bearer ${Redacted.value(key)}`
  const text = yield* Effect.orDie(encode({ authorization, until }))
  const sealed = (yield* Secrets).seal(OWNER, Redacted.make(text))
  return yield* cookie(sealed, LIFETIME / 1000)
})

/** The `Set-Cookie` that ends it. */
export const closed = cookie("", 0)

/** The `Authorization` header of whoever is signed in; none: nobody, or not any more. */
export const authorizationOf = Effect.fn("Session.authorizationOf")(function* (
  cookies: string | null
) {
  const start = `${nameOf(yield* isSecure)}=`
  const value = (cookies ?? "")
    .split(/;\s*/u)
    .find((each) => each.startsWith(start))
    ?.slice(start.length)
  if (value === undefined || value === "") return Option.none<string>()
  const text = yield* Effect.option((yield* Secrets).open(OWNER, value))
  if (Option.isNone(text)) return Option.none<string>()
  const session = yield* Effect.option(decode(Redacted.value(text.value)))
  const now = yield* Clock.currentTimeMillis
  return Option.flatMap(session, ({ authorization, until }) =>
    now < until ? Option.some(authorization) : Option.none()
  )
})
