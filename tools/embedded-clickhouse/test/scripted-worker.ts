import { Control, type Report, type Run } from "../src/Job.ts"
import { noStatistics } from "../src/Statistics.ts"

declare const self: Worker

const report = (message: Report): void => self.postMessage(message)

/** Stands for the engine's worker: does what the statement says. */
self.onmessage = ({ data: { control, job } }: MessageEvent<Run>) => {
  if (job.sql === "die") process.exit(3)
  if (job.sql === "throw") throw new Error("broken")
  // As a native call that never returns.
  if (job.sql === "hang") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  if (job.sql === "wait") {
    Atomics.wait(control, Control.cancelled, 0, 5_000)
    report({ type: "failed", message: "Code: 394. DB::Exception: cancelled" })
    return
  }
  const bytes = new TextEncoder().encode("answered").buffer
  report({ type: "block", bytes })
  report({ type: "done", statistics: noStatistics })
}
