import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  isAlive,
  type ProcessIdentity,
  signalTree,
  survivorsAfter
} from "./Processes.ts"

/**
 * `$STACK_DATA/run.json`: which processes belong to the running stack. Whoever finds it after
 * its supervisor died (the watchdog, the next start, `stop`) ends what is left. Plain
 * synchronous code: it is written between a spawn and anything else, and the watchdog that
 * reads it should cost little memory.
 */
export interface RunRecord {
  readonly supervisor: ProcessIdentity
  readonly watchdog: ProcessIdentity | null
  /** In the order in which they were started. */
  readonly parts: ReadonlyArray<PartProcess>
}

export interface PartProcess extends ProcessIdentity {
  readonly name: string
  /** Asks the part to end in an orderly way. */
  readonly stopSignal: NodeJS.Signals
}

export const runRecordPath = (data: string): string => join(data, "run.json")
export const stackFilePath = (data: string): string => join(data, "stack.json")

export const readRunRecord = (data: string): RunRecord | null => {
  try {
    return JSON.parse(readFileSync(runRecordPath(data), "utf8"))
  } catch {
    return null
  }
}

export const writeRunRecord = (data: string, record: RunRecord): void => {
  const path = runRecordPath(data)
  writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** Removes `stack.json` and `run.json`, unless another supervisor has taken over. */
export const removeRunFiles = (data: string, supervisor: ProcessIdentity): void => {
  const current = readRunRecord(data)
  if (current !== null && current.supervisor.pid !== supervisor.pid) return
  rmSync(stackFilePath(data), { force: true })
  rmSync(runRecordPath(data), { force: true })
}

/**
 * Ends every part of a stack whose supervisor is gone: newest first, so that services go
 * before the stores; asked first, killed after `graceMs` a part.
 * @returns the names of the parts that were still alive.
 */
export const endParts = async (
  record: RunRecord,
  graceMs: number
): Promise<ReadonlyArray<string>> => {
  const ended: Array<string> = []
  for (const part of record.parts.toReversed()) {
    if (!isAlive(part)) continue
    ended.push(part.name)
    signalTree(part.pid, part.stopSignal)
    if ((await survivorsAfter([part], graceMs)).length > 0) {
      signalTree(part.pid, "SIGKILL")
      await survivorsAfter([part], graceMs)
    }
  }
  return ended
}
