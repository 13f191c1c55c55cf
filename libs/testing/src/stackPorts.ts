import { createServer } from "node:net"

/** Where the parts of a local stack listen, counted from its base port. */
const offsets = [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 23, 32]

/**
 * A base port at which every part of a local stack finds its port free.
 *
 * Below the ports that Linux gives to outgoing connections (32768 and up): one of those
 * may be taken between the look and the start.
 */
export const freePortBase = async (): Promise<number> => {
  for (let attempt = 0; attempt < 50; attempt++) {
    const base = 20_000 + Math.floor(Math.random() * 250) * 50
    const all = await Promise.all(offsets.map((offset) => canListen(base + offset)))
    if (all.every(Boolean)) return base
  }
  throw new Error("no free range of ports for a stack")
}

const canListen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer().once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })
