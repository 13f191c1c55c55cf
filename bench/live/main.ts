import { makeClient } from "../../tests/e2e/Client.ts"
import { startStack } from "../../tests/e2e/RunningStack.ts"

/**
 * From the acknowledgement of an event to its arrival at `GET /v1/live`, over a whole local
 * stack, under steady traffic: `bun bench/live/main.ts [events a second, 50]`.
 */
const rate = Number(process.argv[2] ?? "50")
const events = 1000

const percentile = (values: ReadonlyArray<number>, share: number): string =>
  (
    values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ??
    Number.NaN
  ).toFixed(0)

/** When each event was seen, by its message id. */
const follow = async (
  url: string,
  key: string,
  seen: Map<string, number>,
  signal: AbortSignal
) => {
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${key}` },
    signal
  })
  if (response.status !== 200 || response.body === null)
    throw new Error(`live answers ${response.status}`)
  let rest = ""
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const now = performance.now()
    const messages = (rest + chunk).split("\n\n")
    rest = messages.pop() ?? ""
    for (const message of messages) {
      const [, id] = /"messageId":"([^"]+)"/u.exec(message) ?? []
      if (id !== undefined) seen.set(id, now)
    }
  }
}

const stack = await startStack()
try {
  const client = await makeClient(stack)
  const project = await client.createProject("live")
  const seen = new Map<string, number>()
  const stop = new AbortController()
  const live = follow(
    `${client.api}/v1/live`,
    project.secretKey,
    seen,
    stop.signal
  ).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error
  })
  const acknowledged = new Map<string, number>()
  const begin = performance.now()
  for (let index = 0; index < events; index++) {
    const messageId = `m${index}`
    await client.send(project, [
      { type: "track", event: "Seen", userId: `u${index % 50}`, messageId }
    ])
    acknowledged.set(messageId, performance.now())
    const ahead = begin + ((index + 1) * 1000) / rate - performance.now()
    if (ahead > 0) await Bun.sleep(ahead)
  }
  const end = performance.now() + 30_000
  while (seen.size < events && performance.now() < end) await Bun.sleep(50)
  stop.abort()
  await live
  const delays = [...seen].map(([id, at]) => at - (acknowledged.get(id) ?? Number.NaN))
  process.stdout.write(
    `${seen.size} of ${events} events at ${rate} a second, from acknowledged to seen: p50 ${percentile(delays, 0.5)} ms, p95 ${percentile(delays, 0.95)} ms, at most ${percentile(delays, 1)} ms\n`
  )
} finally {
  await stack.stop()
}
