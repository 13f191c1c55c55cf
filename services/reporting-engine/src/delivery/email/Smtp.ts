import { Readable } from "node:stream"
import { DeliveryConfig } from "@analytics/config/DeliveryConfig"
import { Context, Effect, Layer, Option, Redacted } from "effect"
import SMTPConnection from "nodemailer/lib/smtp-connection"
import { type Outcome, outcome } from "../Outcome.ts"

export interface Envelope {
  readonly from: string
  readonly to: string
}

/** The server of the installation. One connection for each message, one recipient each. */
export class Smtp extends Context.Service<
  Smtp,
  {
    /**
     * `handing` is run when the server has taken sender and recipient and waits for the
     * message; only when it succeeds is any of the message sent. Before it nothing can have
     * arrived, after it everything may have.
     */
    send(
      envelope: Envelope,
      message: Uint8Array,
      handing: Effect.Effect<boolean>
    ): Effect.Effect<Outcome>
  }
>()("@analytics/reporting-engine/delivery/email/Smtp") {
  static readonly layer = Layer.effect(
    Smtp,
    Effect.map(DeliveryConfig, ({ smtpUrl }) =>
      Smtp.of({
        send: Effect.fn("Smtp.send")(function* (envelope, message, handing) {
          if (Option.isNone(smtpUrl))
            return outcome("deferred", null, "SMTP_URL is not set.")
          return yield* sent(new URL(Redacted.value(smtpUrl.value)), {
            envelope,
            message,
            handing
          })
        })
      })
    )
  )
}

interface Sending {
  readonly envelope: Envelope
  readonly message: Uint8Array
  readonly handing: Effect.Effect<boolean>
}

const LONGEST = "110 seconds"

const sent = Effect.fnUntraced(function* (server: URL, sending: Sending) {
  let handed = false
  const handing = Effect.tap(sending.handing, (may) =>
    Effect.sync(() => {
      handed = may
    })
  )
  const run = yield* Effect.context<never>().pipe(Effect.map(Effect.runPromiseWith))
  const connection = yield* Effect.acquireRelease(
    Effect.sync(() => connectionTo(server)),
    (it) => Effect.sync(() => it.close())
  )
  return yield* Effect.tryPromise({
    try: () => exchange(connection, server, sending, () => run(handing)),
    catch: (error) => error
  }).pipe(
    Effect.catch((error) => Effect.succeed(failed(error, handed))),
    Effect.timeoutOrElse({
      duration: LONGEST,
      orElse: () =>
        Effect.succeed(
          outcome(handed ? "unknown" : "deferred", null, "It did not answer in time.")
        )
    })
  )
}, Effect.scoped)

const connectionTo = (server: URL): SMTPConnection => {
  const secure = server.protocol === "smtps:"
  const tls = server.searchParams.get("tls")
  const connection = new SMTPConnection({
    host: server.hostname.replace(/^\[|\]$/gu, ""),
    ...(server.port === "" ? {} : { port: Number(server.port) }),
    secure,
    requireTLS: tls === "required",
    ignoreTLS: tls === "never",
    connectionTimeout: 15_000,
    greetingTimeout: 15_000,
    socketTimeout: 60_000,
    dnsTimeout: 10_000,
    socketCloseTimeout: 1000
  })
  // Those of the phases below come through their callbacks; a late one has no reader.
  connection.on("error", () => {})
  return connection
}

const exchange = async (
  connection: SMTPConnection,
  server: URL,
  { envelope, message }: Sending,
  handing: () => Promise<boolean>
): Promise<Outcome> => {
  await phase(connection, (done) => connection.connect(done))
  if (server.username !== "")
    await phase(connection, (done) =>
      connection.login(
        {
          user: decodeURIComponent(server.username),
          pass: decodeURIComponent(server.password)
        },
        done
      )
    )
  const body = new Readable({
    read() {
      handing().then(
        (may) => {
          if (!may) return this.destroy(new NotHanded())
          this.push(message)
          this.push(null)
        },
        () => this.destroy(new NotHanded())
      )
    }
  })
  return await new Promise<Outcome>((resolve, reject) => {
    connection.once("error", reject)
    connection.once("end", () => reject(new Error("The server closed the connection.")))
    connection.send(
      { from: envelope.from, to: [envelope.to], size: message.byteLength },
      body,
      (error, info) => {
        if (error !== null) return reject(error)
        const response = info?.response ?? ""
        resolve(outcome("accepted", codeIn(response), response))
      }
    )
  })
}

/** Another sender has the delivery now, or Postgres is away: the message stays here. */
class NotHanded extends Error {}

const phase = (
  connection: SMTPConnection,
  start: (done: (error?: Error | null) => void) => void
): Promise<void> =>
  new Promise((resolve, reject) => {
    connection.once("error", reject)
    start((error) => (error ? reject(error) : resolve()))
  })

const codeIn = (response: string): number | null => {
  const found = /^(\d{3})/u.exec(response)
  return found?.[1] === undefined ? null : Number(found[1])
}

/** What a failure means for this one recipient. */
const failed = (error: unknown, handed: boolean): Outcome => {
  const text = error instanceof Error ? error.message : String(error)
  if (error instanceof NotHanded)
    return outcome("deferred", null, "It was not handed over.")
  const code = answeredCode(error)
  // Wrong credentials are nothing that the recipient could mend.
  if (code !== null && (code < 500 || isAboutLogin(error)))
    return outcome("deferred", code, text)
  if (code !== null || (!handed && isTooLarge(error)))
    return outcome("refused", code, text)
  return outcome(handed ? "unknown" : "deferred", null, text)
}

const answeredCode = (error: unknown): number | null =>
  error instanceof Error &&
  "responseCode" in error &&
  typeof error.responseCode === "number" &&
  error.responseCode >= 400
    ? error.responseCode
    : null

/** Of what the server said it takes, before it is asked to take it. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "EMESSAGE"

const isAboutLogin = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  (error.code === "EAUTH" || error.code === "ENOAUTH" || error.code === "ETLS")
