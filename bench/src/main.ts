import { join } from "node:path"

/** Every measurement, in the order in which they are run. */
const benches: Readonly<Record<string, ReadonlyArray<string>>> = {
  ingest: ["bench/ingest/main.ts"],
  loader: ["bench/loader/sustained.ts"],
  freshness: ["bench/loader/freshness.ts"],
  queries: ["bench/queries/main.ts"]
}

const root = join(import.meta.dir, "../..")

/** `bun run bench [name …]`: all of them, or those named. Gives the worst exit code. */
const runAll = async (names: ReadonlyArray<string>): Promise<number> => {
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
      timeout: 1_800_000
    })
    worst = Math.max(worst, await child.exited)
  }
  return worst
}

if (import.meta.main) process.exit(await runAll(process.argv.slice(2)))
