import { makeClient } from "../../tests/e2e/Client.ts"
import { startStack } from "../../tests/e2e/RunningStack.ts"
import { openEngine } from "../queries/Engine.ts"
import { generateEvents } from "../queries/generate.ts"

const rows = Number((process.env["BENCH_ROWS"] ?? "1000000").split(",")[0])
const rounds = Number(process.env["BENCH_ROUNDS"] ?? "7")

const range = { from: "2026-06-01T00:00:00Z", to: "2026-08-30T00:00:00Z" }
const steps = ["Product Viewed", "Product Added", "Order Completed"]

const questions: Readonly<Record<string, object>> = {
  "daily total, 90 days": {
    kind: "trends",
    ...range,
    interval: "day",
    series: [{ event: "Order Completed", measure: "total" }]
  },
  "daily unique people, 90 days": {
    kind: "trends",
    ...range,
    interval: "day",
    series: [{ measure: "unique_users" }]
  },
  "median of a property by plan, 90 days": {
    kind: "trends",
    ...range,
    interval: "none",
    series: [{ measure: "median", property: "price" }],
    breakdown: ["plan"]
  },
  "funnel, 3 ordered steps, 90 days": {
    kind: "funnel",
    ...range,
    steps: steps.map((event) => ({ event })),
    windowSeconds: 604_800,
    order: "ordered"
  },
  "retention, weekly": {
    kind: "retention",
    ...range,
    mode: "recurring",
    start: { event: "Product Viewed" },
    return: { event: "Product Viewed" },
    interval: "week",
    periods: 12
  }
}

const out = (line: string) => process.stdout.write(`${line}\n`)

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const measure = async () => {
  const stack = await startStack()
  try {
    const client = await makeClient(stack)
    const file = await stack.file()
    const { id, secretKey } = await client.createProject("kept")
    const other = await client.createProject("other")
    const engine = openEngine(file.clickhouse)
    await generateEvents(engine, [Number(id), Number(other.id)], rows)

    const post = async (path: string, body: object) => {
      const begin = performance.now()
      const response = await fetch(`${file.services["analytics-api"]}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${secretKey}` },
        body: JSON.stringify(body)
      })
      const answer = await response.text()
      const ms = performance.now() - begin
      if (!response.ok) throw new Error(answer)
      return { ms, answer: JSON.parse(answer) }
    }

    /** In turns, after one of each that nobody counts. */
    const compare = async (
      what: string,
      path: string,
      isKept: (answer: Record<string, unknown>) => boolean
    ) => {
      const times = { computed: [] as number[], kept: [] as number[] }
      for (let round = 0; round <= rounds; round++) {
        const computed = await post(path, { fresh: true })
        const kept = await post(path, {})
        if (isKept(computed.answer) || !isKept(kept.answer))
          throw new Error(`${what}: not what was to be measured`)
        if (round === 0) continue
        times.computed.push(computed.ms)
        times.kept.push(kept.ms)
      }
      const [computed, kept] = [median(times.computed), median(times.kept)]
      const ratio = (kept / computed).toFixed(2)
      out(
        `${what}: computed ${computed.toFixed(0)} ms, kept ${kept.toFixed(0)} ms, ${ratio}`
      )
    }

    const tiles: Array<{ readonly insight: string }> = []
    for (const [name, query] of Object.entries(questions)) {
      const chart = { form: "table" }
      const { answer } = await post("/v1/insights", { name, query, chart })
      tiles.push({ insight: answer.id })
      await compare(
        name,
        `/v1/insights/${answer.id}/result`,
        ({ keptAt }) => keptAt !== null
      )
    }
    const { answer } = await post("/v1/dashboards", { name: "all", tiles })
    await compare(
      `a dashboard of these ${tiles.length}`,
      `/v1/dashboards/${answer.id}/result`,
      (shown) =>
        Object(shown).tiles.every(
          ({ keptAt }: { readonly keptAt: unknown }) => keptAt !== null
        )
    )
  } finally {
    await stack.stop()
  }
}

if (import.meta.main) await measure()
