import { writeSync } from "node:fs"
import { inspectOnnx } from "@analytics/ml-models/onnx/inspectOnnx"
import { Result } from "effect"

/** `inspectMain.ts <path of the file>`: one line of JSON, which `inspectFile` reads. */
const path = process.argv[2] ?? ""
// Mapped, not read: a file is larger than what this process may hold.
const bytes = Bun.file(path).size === 0 ? new Uint8Array() : Bun.mmap(path)
const found = inspectOnnx(bytes)
const line = Buffer.from(
  JSON.stringify(
    Result.isSuccess(found)
      ? { inspection: found.success }
      : { unreadable: found.failure.detail }
  )
)
for (let at = 0; at < line.length; ) at += writeSync(1, line, at)
