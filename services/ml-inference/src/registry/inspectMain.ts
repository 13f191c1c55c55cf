import { writeSync } from "node:fs"
import { inspectOnnx } from "@analytics/ml-models/onnx/inspectOnnx"
import { Result } from "effect"

/** Characters of what a file says of itself, as JSON. */
const LARGEST_INSPECTION = 1024 * 1024

const tell = (path: string): void => {
  // Mapped, not read: a file is larger than what this process may hold.
  const bytes = Bun.file(path).size === 0 ? new Uint8Array() : Bun.mmap(path)
  const found = inspectOnnx(bytes)
  const told = JSON.stringify(
    Result.isSuccess(found)
      ? { inspection: found.success }
      : { unreadable: found.failure.detail }
  )
  // What is longer is not kept, and reading it would hold the service up.
  const line = Buffer.from(
    told.length > LARGEST_INSPECTION
      ? JSON.stringify({
          unreadable: "Its names and metadata are too long to be kept."
        })
      : told
  )
  for (let at = 0; at < line.length; ) at += writeSync(1, line, at)
}

/** `inspectMain.ts <path of the file>`: one line of JSON, which `inspectFile` reads. */
if (import.meta.main) tell(process.argv[2] ?? "")
