import {
  best,
  type Figures,
  line,
  load,
  startReceiver,
  withPostgres
} from "./receiver.ts"

const rounds = Number(process.env["BENCH_ROUNDS"] ?? 3)

/** The receiver against itself without storing, in turns on the same machine. */
const compare = async (databaseUrl: string) => {
  const nothing = await startReceiver({ SINK: "null" })
  const durable = await startReceiver({ DATABASE_URL: databaseUrl })
  try {
    for (const events of [20, 1]) {
      const figures = { nothing: [] as Figures[], durable: [] as Figures[] }
      for (let round = 0; round <= rounds; round++) {
        const a = await load(nothing.url, events)
        const b = await load(durable.url, events)
        // The first round warms both.
        if (round === 0) continue
        figures.nothing.push(a)
        figures.durable.push(b)
      }
      const [a, b] = [best(figures.nothing), best(figures.durable)]
      const ratio = (b.eventsPerSecond / a.eventsPerSecond).toFixed(2)
      process.stdout.write(
        `acknowledged, ${events} event(s) a request, 64 connections: ratio ${ratio}\n` +
          `${line("null", a)}\n${line("durable", b)}\n`
      )
    }
  } finally {
    await nothing.stop()
    await durable.stop()
  }
}

if (import.meta.main) await withPostgres(compare)
