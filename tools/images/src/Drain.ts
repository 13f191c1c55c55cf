import { connect, type Socket } from "node:net"
import { performance } from "node:perf_hooks"
import { Effect, Schedule } from "effect"
import { answers, type Container } from "./Container.ts"
import { ImagesFailed } from "./ImagesFailed.ts"

/** A request whose second half is held back until the service drains. */
export interface HeldRequest {
  readonly path: string
  readonly key: string
  readonly body: unknown
}

/**
 * Sends half a request, tells the container to end, sees it leave the load balancer and
 * refuse connections, and sends the rest: it has to be answered well, and the container to
 * end with 0.
 *
 * @param url of the service
 * @param request none for a process that only answers probes
 * @returns seconds from the signal to the end
 */
export const checkDrain = Effect.fn("Drain.check")(function* (
  container: Container,
  url: string,
  request: HeldRequest | undefined
) {
  const held = request === undefined ? undefined : yield* sendHalf(url, request)
  // What was sent first is read first.
  yield* answers(`${url}/livez`, container)
  yield* answers(`${url}/livez`, container)
  const begin = performance.now()
  yield* container.terminate
  yield* until(`${container.name} goes on being ready`, async () => {
    const { status } = await fetch(`${url}/readyz`)
    return status === 503
  })
  yield* until(`${container.name} goes on listening`, async () =>
    fetch(`${url}/livez`).then(
      () => false,
      () => true
    )
  )
  const status = held === undefined ? 200 : yield* held.finish
  if (status < 200 || status > 299)
    return yield* new ImagesFailed({
      message: `${container.name} answered ${status} to the request in flight.`
    })
  const code = yield* container.ended
  const seconds = (performance.now() - begin) / 1000
  if (code !== 0)
    return yield* new ImagesFailed({
      message: `${container.name} ended with ${code}:\n${(yield* container.log).slice(-3000)}`
    })
  return seconds
})

const until = (otherwise: string, isSo: () => Promise<boolean>) =>
  Effect.promise(() => isSo().catch(() => false)).pipe(
    Effect.filterOrFail(
      (so) => so,
      () => new ImagesFailed({ message: otherwise })
    ),
    Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 1500 })
  )

const sendHalf = Effect.fn("Drain.sendHalf")(function* (
  url: string,
  { body, key, path }: HeldRequest
) {
  const { hostname, port } = new URL(url)
  const content = Buffer.from(JSON.stringify(body))
  const half = content.length >> 1
  const socket = yield* Effect.acquireRelease(
    Effect.sync(() => connect({ host: hostname, port: Number(port) })),
    (open) => Effect.sync(() => open.destroy())
  )
  const answered = statusOf(socket)
  // A container that takes no byte ends the verification: nobody could handle that.
  yield* Effect.promise(
    () =>
      new Promise<void>((sent) => {
        socket.write(
          `POST ${path} HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: ${content.length}\r\n\r\n`
        )
        socket.write(content.subarray(0, half), () => sent())
      })
  ).pipe(Effect.timeout("5 seconds"), Effect.orDie)
  const finish = Effect.suspend(() => {
    socket.write(content.subarray(half))
    return Effect.promise(() => answered)
  }).pipe(
    Effect.timeout("20 seconds"),
    Effect.orElseSucceed(() => 0)
  )
  return { finish }
})

/** Of the first line of the answer; 0 when the connection ends without one. */
const statusOf = (socket: Socket): Promise<number> =>
  new Promise((resolve) => {
    let text = ""
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1")
      const line = /^HTTP\/1\.1 (\d{3})/.exec(text)
      if (line) resolve(Number(line[1]))
    })
    socket.on("error", () => resolve(0))
    socket.on("close", () => resolve(0))
  })
