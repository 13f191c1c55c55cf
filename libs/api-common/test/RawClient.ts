import { connect } from "node:net"

/** A keep-alive connection whose bytes can be looked at. */
export const rawClient = async (url: string) => {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const closed = Promise.withResolvers<void>()
  let received = ""
  let arrived = Promise.withResolvers<void>()
  socket.on("data", (bytes) => {
    received += bytes.toString("utf8")
    arrived.resolve()
    arrived = Promise.withResolvers<void>()
  })
  socket.on("error", () => undefined)
  socket.on("close", () => closed.resolve())
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()))
  return {
    closed: closed.promise,
    /** Sends a request; answers all bytes up to those of `until`. */
    ask: async (path: string, until: string): Promise<string> => {
      received = ""
      socket.write(`GET ${path} HTTP/1.1\r\nhost: test\r\n\r\n`)
      while (!received.includes(until)) await arrived.promise
      return received
    },
    end: () => socket.destroy()
  }
}
