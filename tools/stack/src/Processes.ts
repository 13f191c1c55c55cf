import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"

/** A process by id and birth, so that a reused id is never taken for it. */
export interface ProcessIdentity {
  readonly pid: number
  readonly born: string
}

/** The moment a process began, as the system writes it; null when it is gone or a zombie. */
export const birthOf = (pid: number): string | null =>
  process.platform === "linux" ? birthFromProc(pid) : birthFromPs(pid)

function birthFromProc(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The command may hold spaces and brackets, so fields count from the last bracket.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    const state = fields[0]
    return state === "Z" || state === "X" ? null : (fields[19] ?? null)
  } catch {
    return null
  }
}

function birthFromPs(pid: number): string | null {
  try {
    const line = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
      timeout: 5_000
    }).trim()
    const [state = "", ...born] = line.split(/\s+/u)
    return state.startsWith("Z") ? null : born.join(" ")
  } catch {
    return null
  }
}

export const identify = (pid: number): ProcessIdentity | null => {
  const born = birthOf(pid)
  return born === null ? null : { pid, born }
}

export const isAlive = ({ born, pid }: ProcessIdentity): boolean =>
  birthOf(pid) === born

/** Signals the group that a process leads; false when there is none. */
export const signalGroup = (pid: number, signal: NodeJS.Signals): boolean =>
  send(-pid, signal)

/** Signals a process with the group that it leads, if it leads one. */
export const signalTree = (pid: number, signal: NodeJS.Signals): boolean =>
  send(-pid, signal) || send(pid, signal)

function send(target: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(target, signal)
  } catch {
    return false
  }
}

/** What is left of these processes after a wait of at most `ms`. */
export const survivorsAfter = async (
  processes: ReadonlyArray<ProcessIdentity>,
  ms: number
): Promise<ReadonlyArray<ProcessIdentity>> => {
  const deadline = performance.now() + ms
  let left = processes.filter(isAlive)
  while (left.length > 0 && performance.now() < deadline) {
    await Bun.sleep(20)
    left = left.filter(isAlive)
  }
  return left
}
