import { writeSync } from "node:fs"
import type { TrainerLine } from "./TrainerLine.ts"

/** Tells the process that started this one, at once: a computing thread flushes nothing. */
export const say = (line: TrainerLine): void => {
  let bytes = Buffer.from(`${JSON.stringify(line)}\n`)
  while (bytes.byteLength > 0)
    try {
      bytes = bytes.subarray(writeSync(1, bytes))
    } catch (error) {
      // The pipe is full, and nobody else has anything to do here.
      if (!isFull(error)) throw error
      Bun.sleepSync(10)
    }
}

const isFull = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "EAGAIN"

/** Ends this process when the one that started it is gone. */
export const endWithParent = (): void => {
  new Worker(new URL("./endWithParent.ts", import.meta.url)).unref()
}
