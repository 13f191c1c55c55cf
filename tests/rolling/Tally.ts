import { type Answer, keepAliveClient, type Request } from "./KeepAliveClient.ts"

/** What became of the requests of one kind. */
export interface Counts {
  requests: number
  failed: number
  readonly failures: Array<string>
}

/** Clients that ask without pause and never ask again, and what became of it. */
export const makeTally = () => {
  const counts = new Map<string, Counts>()
  const loops: Array<Promise<void>> = []
  let running = true

  const count = (kind: string, answer: Answer, good: boolean) => {
    const of = counts.get(kind) ?? { requests: 0, failed: 0, failures: [] }
    counts.set(kind, of)
    of.requests++
    if (good) return
    of.failed++
    of.failures.push(`${answer.status} ${answer.body.slice(0, 200)}`)
  }

  return {
    counts,
    /** Repeats `step` on a kept connection to `port` until the tally is stopped. */
    client: (
      kind: string,
      port: number,
      step: (
        ask: (request: Request, expected?: number) => Promise<Answer>,
        n: number
      ) => Promise<unknown>
    ) => {
      const client = keepAliveClient("127.0.0.1", port)
      const ask = async (request: Request, expected = 200) => {
        const answer = await client.ask(request)
        count(kind, answer, answer.status === expected)
        return answer
      }
      const loop = async () => {
        for (let n = 0; running; n++) await step(ask, n)
        client.close()
      }
      loops.push(loop())
    },
    stop: async () => {
      running = false
      await Promise.all(loops)
    },
    /** `{ingestion: "0 of 1234"}`, for the closing line. */
    summary: () =>
      Object.fromEntries(
        [...counts].map(([kind, { failed, requests }]) => [
          kind,
          `${failed} of ${requests}`
        ])
      ),
    failures: () =>
      [...counts].flatMap(([kind, { failures }]) =>
        failures.slice(0, 5).map((it) => `${kind}: ${it}`)
      ),
    failed: () => [...counts.values()].reduce((sum, { failed }) => sum + failed, 0)
  }
}

export type Tally = ReturnType<typeof makeTally>
