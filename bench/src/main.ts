import { join } from "node:path"
import { parseArgs } from "node:util"

/** Every measurement, in the order in which they are run. */
const benches: Readonly<Record<string, ReadonlyArray<string>>> = {
  ingest: ["bench/ingest/main.ts"],
  protocols: ["bench/protocols/main.ts"],
  loader: ["bench/loader/sustained.ts"],
  freshness: ["bench/loader/freshness.ts"],
  queries: ["bench/queries/main.ts"],
  results: ["bench/results/main.ts"],
  fairness: ["bench/fairness/main.ts"],
  live: ["bench/live/main.ts"],
  catalogue: ["bench/catalogue/main.ts", "2"],
  export: ["bench/export/main.ts"],
  import: ["bench/import/main.ts"],
  jobs: ["bench/jobs/main.ts"],
  onnx: ["bench/onnx/main.ts"],
  inference: ["bench/inference/main.ts"],
  features: ["bench/features/main.ts"],
  training: ["bench/training/main.ts"],
  reports: ["bench/reports/main.ts"],
  deliveries: ["bench/deliveries/main.ts"]
}

const root = join(import.meta.dir, "../..")

/** Milliseconds one measurement may take, however many events it makes. */
const timeout = 3 * 3_600_000

/**
 * `bun run bench [name …] [--events 1000000,50000000]`: all of them, or those named.
 * `--events` says how many events the questions are asked of, size after size; the store
 * makes them itself. Gives the worst exit code.
 */
const runAll = async (
  names: ReadonlyArray<string>,
  events: string | undefined
): Promise<number> => {
  if (events !== undefined && !/^[1-9]\d{0,9}(,[1-9]\d{0,9})*$/u.test(events)) {
    process.stderr.write("--events takes whole numbers with commas between them\n")
    return 2
  }
  const unknown = names.find((name) => benches[name] === undefined)
  if (unknown !== undefined) {
    process.stderr.write(
      `no bench is named ${unknown}: choose from ${Object.keys(benches).join(", ")}\n`
    )
    return 2
  }
  let worst = 0
  for (const name of names.length > 0 ? names : Object.keys(benches)) {
    process.stdout.write(`== ${name}\n`)
    const child = Bun.spawn([process.execPath, ...(benches[name] ?? [])], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...(events === undefined ? {} : { BENCH_ROWS: events }) },
      timeout
    })
    worst = Math.max(worst, await child.exited)
  }
  return worst
}

if (import.meta.main) {
  const { positionals, values } = parseArgs({
    args: process.argv.slice(2),
    options: { events: { type: "string" } },
    allowPositionals: true
  })
  process.exit(await runAll(positionals, values.events))
}
