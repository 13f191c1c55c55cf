import { makeClient } from "../../tests/e2e/Client.ts"
import { startStack } from "../../tests/e2e/RunningStack.ts"
import { type Engine, openEngine } from "./Engine.ts"
import { generateEvents, generateLinks } from "./generate.ts"
import { generateVisits } from "./generateVisits.ts"
import { personQuestions, who } from "./personQuestions.ts"
import { type Question, questions } from "./questions.ts"
import { sessionQuestions } from "./sessionQuestions.ts"

/** Of each question, after one that warms both. */
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 7)
const linkCounts = (process.env["BENCH_LINKS"] ?? "0,100000").split(",").map(Number)
const sizes = (process.env["BENCH_ROWS"] ?? "1000000,10000000").split(",").map(Number)

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const timed = async (program: () => Promise<unknown>): Promise<number> => {
  const begin = performance.now()
  await program()
  return performance.now() - begin
}

const out = (line: string) => process.stdout.write(`${line}\n`)

/** Resident memory of a process; Postgres' shared buffers count for its first one. */
const residentMiB = async (pid: number): Promise<string> => {
  const status = await Bun.file(`/proc/${pid}/status`).text()
  const kib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN)
  return (kib / 1024).toFixed(0)
}

/** Month by month: one statement over all would take longer than a statement may. */
const mergeParts = async (engine: Engine) => {
  const months = await engine.run(
    "SELECT DISTINCT partition_id FROM system.parts WHERE active AND table = 'events' AND database = currentDatabase() ORDER BY partition_id"
  )
  for (const month of months.trim().split("\n"))
    await engine.run(`OPTIMIZE TABLE events PARTITION ID '${month}' FINAL`)
}

const personOf = async (engine: Engine, project: number): Promise<string> => {
  const hash = "SELECT cityHash64({project:UInt32}, {who:UInt64})"
  return (await engine.run(hash, { project, who })).trim()
}

/** Only questions whose names begin so: `sessions`, `paths`, `funnel` … */
const only = process.env["BENCH_ONLY"]?.split(",") ?? [""]
const isAsked = ({ name }: Question) => only.some((prefix) => name.startsWith(prefix))

/** Questions over HTTP against hand-written SQL sent straight to ClickHouse, in turns. */
const compare = async (rows: number) => {
  const stack = await startStack()
  try {
    const client = await makeClient(stack)
    const engine = openEngine((await stack.file()).clickhouse)
    const large = await client.createProject("large")
    const small = await client.createProject("small")
    const site = await client.createProject("site")
    const asked = [
      ...[...questions, ...personQuestions].map((question) => ({
        ...question,
        of: large
      })),
      ...sessionQuestions.map((question) => ({ ...question, of: site }))
    ].filter(isAsked)
    await generateEvents(engine, [Number(large.id), Number(small.id)], rows)
    await generateVisits(engine, Number(site.id), rows)
    await mergeParts(engine)
    const disk = await engine.run(
      "SELECT sum(bytes_on_disk) / sum(rows) FROM system.parts WHERE active AND table = 'events' AND database = currentDatabase()"
    )
    out(
      `\n${rows.toLocaleString("en")} events, ${Number(disk).toFixed(1)} bytes each on disk`
    )
    for (const links of linkCounts) {
      if (links > 0)
        for (const { id } of [large, site])
          await generateLinks(engine, Number(id), links)
      out(`${links.toLocaleString("en")} links | question ms | SQL ms | ratio`)
      for (const { body, name, of, sql } of asked) {
        const ours: Array<number> = []
        const theirs: Array<number> = []
        const project = Number(of.id)
        const params = {
          project,
          person: await personOf(engine, project),
          watermark: new Date().toISOString().slice(0, 23).replace("T", " ")
        }
        const question = typeof body === "function" ? body(params.person) : body
        let refusal: string | undefined
        for (let round = 0; round <= rounds && refusal === undefined; round++) {
          const asked = await timed(async () => {
            const answer = await client.query(of, question)
            if (answer.status !== 200) refusal = JSON.stringify(answer)
          })
          const written = await timed(() => engine.run(sql(links > 0), params))
          // The first round warms both.
          if (round > 0) {
            ours.push(asked)
            theirs.push(written)
          }
        }
        if (refusal !== undefined) {
          out(`  ${name} | ${refusal}`)
          continue
        }
        const [a, b] = [median(ours), median(theirs)]
        out(`  ${name} | ${a.toFixed(0)} | ${b.toFixed(0)} | ${(a / b).toFixed(2)}`)
      }
    }
    out("memory, MiB:")
    for (const [part, pid] of Object.entries((await stack.file()).pids))
      out(`  ${part} | ${await residentMiB(pid)}`)
  } finally {
    await stack.stop()
  }
}

if (import.meta.main) for (const rows of sizes) await compare(rows)
