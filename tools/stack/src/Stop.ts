import { Effect } from "effect"
import { isAlive, type ProcessIdentity, survivorsAfter } from "./Processes.ts"
import { endParts, readRunRecord, removeRunFiles } from "./RunRecord.ts"

/** More than the slowest part may take to drain, for each level of parts. */
const supervisorGraceMs = 90_000
const partGraceMs = 15_000

/**
 * Ends the stack on `data` and waits until all its processes are gone, whether its supervisor
 * still lives, hangs, or was killed.
 * @returns whether there was anything to stop.
 */
export const stop = Effect.fn("Stop.stop")(function* (data: string) {
  const before = readRunRecord(data)
  if (before === null) return false
  const { supervisor } = before
  if (isAlive(supervisor)) {
    send(supervisor, "SIGTERM")
    if ((yield* gone([supervisor], supervisorGraceMs)).length > 0) {
      yield* Effect.logWarning("the supervisor does not end; killing it")
      send(supervisor, "SIGKILL")
      yield* gone([supervisor], 5_000)
    }
  }
  // Read again: parts may have been restarted since. A clean stop has removed it.
  const record = readRunRecord(data) ?? before
  if (record.supervisor.pid !== supervisor.pid) return true
  const ended = yield* Effect.promise(() => endParts(record, partGraceMs))
  if (ended.length > 0) {
    yield* Effect.logWarning(`ended what its supervisor left: ${ended.join(", ")}`)
  }
  if (record.watchdog !== null) {
    const left = yield* gone([record.watchdog], 2_000)
    for (const watchdog of left) send(watchdog, "SIGKILL")
  }
  removeRunFiles(data, supervisor)
  return true
})

const gone = (processes: ReadonlyArray<ProcessIdentity>, ms: number) =>
  Effect.promise(() => survivorsAfter(processes, ms))

function send({ pid }: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone in between, which is what was wanted.
  }
}
