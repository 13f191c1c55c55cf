import { type ParsedMail, simpleParser } from "mailparser"
import { SMTPServer } from "smtp-server"

export interface Received {
  readonly to: string
  readonly raw: string
  readonly mail: ParsedMail
}

/** A refusal as `smtp-server` takes it. */
const refusal = (code: number, text: string) =>
  Object.assign(new Error(text), { responseCode: code })

/**
 * A real mail server whose answers the recipients' names ask for: `gone@` has no mailbox,
 * `grey@` may come again, `full@` refuses the message itself, `drop@` is taken and the
 * connection lost before the server says so, `mute@` is never answered.
 */
export const mailServer = async (options: { readonly size?: number } = {}) => {
  const received: Array<Received> = []
  const asked = new Map<string, number>()
  const server = new SMTPServer({
    ...options,
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    logger: false,
    closeTimeout: 100,
    onRcptTo: ({ address }, _, done) => {
      const times = (asked.get(address) ?? 0) + 1
      asked.set(address, times)
      if (address.startsWith("gone")) return done(refusal(550, "No such mailbox"))
      if (address.startsWith("grey") && times < 3)
        return done(refusal(450, "Greylisted, come again"))
      return done()
    },
    onData: (stream, session, done) => {
      const chunks: Array<Uint8Array> = []
      stream.on("data", (chunk: Uint8Array) => chunks.push(chunk))
      stream.on("end", async () => {
        const to = session.envelope.rcptTo[0]?.address ?? ""
        if (to.startsWith("full")) return done(refusal(552, "Mailbox is full"))
        const raw = Buffer.concat(chunks)
        received.push({ to, raw: raw.toString("utf8"), mail: await simpleParser(raw) })
        if (to.startsWith("mute")) return
        if (!to.startsWith("drop")) return done()
        for (const connection of server.connections) connection.close()
      })
    }
  })
  const listening = await new Promise<number>((resolve) => {
    const net = server.listen(0, "127.0.0.1", () => {
      const address = net.address()
      resolve(typeof address === "object" && address !== null ? address.port : 0)
    })
  })
  return {
    url: `smtp://127.0.0.1:${listening}?tls=never`,
    received,
    /** What one address got. */
    of: (address: string) => received.filter(({ to }) => to === address),
    close: () => new Promise<void>((resolve) => server.close(() => resolve()))
  }
}
