import {
  best,
  type Figures,
  line,
  load,
  startReceiver,
  withPostgres
} from "../ingest/receiver.ts"
import { type ProtocolName, protocols } from "./requests.ts"

const rounds = Number(process.env["BENCH_ROUNDS"] ?? 3)

/** Each protocol against Segment's with as many events a request, in turns. */
const compare = async (name: string, url: string) => {
  for (const events of [20, 1]) {
    const chosen = Object.entries(protocols).filter(
      ([, { most }]) => events === 1 || most >= events
    )
    const figures = new Map<string, Array<Figures>>(chosen.map(([key]) => [key, []]))
    for (let round = 0; round <= rounds; round++)
      for (const [protocol] of chosen) {
        const measured = await load(url, events, { PROTOCOL: protocol, SECONDS: "3" })
        // The first round warms.
        if (round > 0) figures.get(protocol)?.push(measured)
      }
    const segment: ProtocolName = "segment"
    const base = best(figures.get(segment) ?? [])
    process.stdout.write(`${name}, ${events} event(s) a request, 64 connections\n`)
    for (const [protocol, all] of figures) {
      const it = best(all)
      const ratio = (it.eventsPerSecond / base.eventsPerSecond).toFixed(2)
      process.stdout.write(`${line(protocol, it)}  ratio ${ratio}\n`)
    }
  }
}

const run = async (databaseUrl: string) => {
  const sinks = [
    ["stored nowhere", { SINK: "null" }],
    ["durable", { DATABASE_URL: databaseUrl }]
  ] as const
  for (const [name, env] of sinks) {
    const receiver = await startReceiver({ ...env })
    try {
      await compare(name, receiver.url)
    } finally {
      await receiver.stop()
    }
  }
}

if (import.meta.main) await withPostgres(run)
