import { makeClient } from "../../tests/e2e/Client.ts"
import { startStack } from "../../tests/e2e/RunningStack.ts"
import { openEngine } from "../queries/Engine.ts"
import { generateEvents } from "../queries/generate.ts"

const rows = Number((process.env["BENCH_ROWS"] ?? "1000000").split(",")[0])
/** Answers from which a percentile is read. */
const samples = Number(process.env["BENCH_SAMPLES"] ?? "60")
/** Connections of the tenant that asks without pause. */
const heavyAtOnce = 8
/** What the other tenant may notice of it. */
const mostRatio = 2

const range = { from: "2026-06-01T00:00:00Z", to: "2026-08-30T00:00:00Z" }

const heavy = {
  kind: "trends",
  ...range,
  interval: "day",
  series: [
    { measure: "unique_users" },
    { measure: "median", property: "price" },
    { event: "Product Viewed", measure: "unique_users" }
  ],
  breakdown: ["sku"]
}

const light = {
  kind: "trends",
  ...range,
  interval: "day",
  series: [{ event: "Order Completed", measure: "total" }],
  filters: [{ property: "plan", op: "is", value: "pro" }]
}

const out = (line: string) => process.stdout.write(`${line}\n`)

const percentile = (values: ReadonlyArray<number>, share: number): number =>
  values.toSorted((a, b) => a - b)[
    Math.min(values.length - 1, Math.floor(values.length * share))
  ] ?? Number.NaN

const stack = await startStack()
try {
  const client = await makeClient(stack)
  const file = await stack.file()
  const engine = openEngine(file.clickhouse)
  const busy = await client.createProject("busy")
  const quiet = await client.createProject("quiet")
  await generateEvents(engine, [Number(busy.id), Number(quiet.id)], rows)

  const url = `${file.services["analytics-api"]}/v1/query`
  const ask = async (secretKey: string, body: unknown, signal?: AbortSignal) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${secretKey}` },
      body: JSON.stringify(body),
      ...(signal === undefined ? {} : { signal })
    })
    const text = await response.text()
    if (response.status !== 200 && response.status !== 429) throw new Error(text)
    return response.status
  }

  const measure = async () => {
    const times: Array<number> = []
    for (let n = 0; n < samples; n++) {
      const begin = performance.now()
      const status = await ask(quiet.secretKey, light)
      if (status !== 200) throw new Error(`the quiet tenant got ${status}`)
      times.push(performance.now() - begin)
    }
    return { p50: percentile(times, 0.5), p95: percentile(times, 0.95) }
  }

  await measure()
  const alone = await measure()
  const stop = new AbortController()
  const counts = { answered: 0, refused: 0 }
  const load = Array.from({ length: heavyAtOnce }, async () => {
    while (!stop.signal.aborted) {
      const status = await ask(busy.secretKey, heavy, stop.signal).catch((error) => {
        if (!stop.signal.aborted) throw error
        return 0
      })
      if (status === 200) counts.answered++
      if (status === 429) {
        counts.refused++
        await Bun.sleep(100)
      }
    }
  })
  // The load is there once its first answer is.
  const first = Promise.race(load)
  while (counts.answered === 0) await Promise.race([first, Bun.sleep(50)])
  const besides = await measure()
  stop.abort()
  await Promise.all(load)
  const ratio = besides.p95 / alone.p95
  out(
    `quiet tenant alone: p50 ${alone.p50.toFixed(0)} ms, p95 ${alone.p95.toFixed(0)} ms`
  )
  out(
    `beside ${heavyAtOnce} connections that ask without pause (${counts.answered} answered, ${counts.refused} refused): p50 ${besides.p50.toFixed(0)} ms, p95 ${besides.p95.toFixed(0)} ms`
  )
  out(`ratio of p95 ${ratio.toFixed(2)}, at most ${mostRatio}`)
  process.exitCode = ratio <= mostRatio ? 0 : 1
} finally {
  await stack.stop()
}
