import { endParts, readRunRecord, removeRunFiles } from "./RunRecord.ts"

/**
 * Waits until its stdin ends, which happens when the supervisor is gone however it died, then
 * ends the parts that are left. A clean stop has removed `run.json` by then.
 */
async function watch(data: string, supervisorPid: number): Promise<void> {
  for await (const _ of Bun.stdin.stream()) {
    // Nothing is ever sent; only the end counts.
  }
  const record = readRunRecord(data)
  if (record === null || record.supervisor.pid !== supervisorPid) return
  await endParts(record, 10_000)
  removeRunFiles(data, record.supervisor)
}

if (import.meta.main) {
  const [data, supervisorPid] = process.argv.slice(2)
  if (data === undefined || supervisorPid === undefined) {
    throw new Error("usage: watchdog <data directory> <supervisor pid>")
  }
  await watch(data, Number(supervisorPid))
}
