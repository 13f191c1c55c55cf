import { createServer } from "node:net"
import { Effect, Schema } from "effect"
import type { Part } from "./Part.ts"

/** A port that the stack needs is taken. */
export class PortTaken extends Schema.TaggedError<PortTaken>()("PortTaken", {
  message: Schema.String
}) {}

/** Looks before anything is started, so that the message names the part and the remedy. */
export const requireFree = Effect.fn("Ports.requireFree")(function* (
  parts: ReadonlyArray<Pick<Part, "name" | "port">>,
  portBase: number
) {
  const busy = yield* Effect.filter(
    parts,
    ({ port }) =>
      port === undefined
        ? Effect.succeed(false)
        : Effect.map(isFree(port), (it) => !it),
    { concurrency: 10 }
  )
  if (busy.length === 0) return
  const list = busy.map(({ name, port }) => `  ${port} for ${name}`).join("\n")
  const other = portBase + 100 > 65_000 ? 4000 : portBase + 100
  return yield* new PortTaken({
    message: `These ports are needed, but something else listens on them:\n${list}\nStop that program, or choose other ports: STACK_PORT_BASE=${other} make start`
  })
})

const isFree = (port: number) =>
  Effect.callback<boolean>((resume) => {
    const server = createServer()
    server.once("error", () => resume(Effect.succeed(false)))
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () =>
      server.close(() => resume(Effect.succeed(true)))
    )
  })
