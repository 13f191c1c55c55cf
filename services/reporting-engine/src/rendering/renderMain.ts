import { dieWithParent } from "@analytics/api-common/dieWithParent"
import type { Rendering } from "@analytics/reports/RenderFormat"
import type { ReportDocument } from "@analytics/reports/ReportDocument"
import { renderDocument } from "@analytics/reports/renderDocument"
import { FrameReader, framed } from "./FrameReader.ts"
import { MOST_FILE, type TaskHead } from "./RenderTask.ts"

/** Characters of what went wrong that a reader gets. */
const MOST_FAULT = 500

const fault = (text: string): ReadonlyArray<Uint8Array> =>
  framed({ fault: true }, new TextEncoder().encode(text.slice(0, MOST_FAULT)))

const rendered = async (
  document: ReportDocument,
  format: Rendering
): Promise<ReadonlyArray<Uint8Array>> => {
  try {
    const { bytes, extension, mediaType } = await renderDocument(document, format)
    return bytes.byteLength > MOST_FILE
      ? fault(`The file would have more than ${MOST_FILE} bytes.`)
      : framed({ mediaType, extension }, bytes)
  } catch (error) {
    return fault(error instanceof Error ? error.message : String(error))
  }
}

const written = async (chunks: ReadonlyArray<Uint8Array>): Promise<void> => {
  const out = Bun.stdout.writer()
  for (const chunk of chunks) out.write(chunk)
  await out.flush()
}

/** Bytes of a document from which on what was read of it makes room for what is made. */
const LARGE = 4 * 1024 * 1024

const documentOf = (bytes: Uint8Array): ReportDocument =>
  JSON.parse(new TextDecoder().decode(bytes))

/**
 * Renders in a process of its own: a message on stdin, its answer on stdout. It ends when
 * stdin does, and on Linux with the service, also in the middle of a task.
 */
if (import.meta.main) {
  dieWithParent()
  // What a library says must not get between the answers.
  const nothing = () => {}
  Object.assign(console, { log: nothing, info: nothing, debug: nothing })
  const tasks = new FrameReader<TaskHead>((line) => JSON.parse(line))
  for await (const chunk of Bun.stdin.stream()) {
    let task = tasks.read(chunk)
    if (task === undefined) continue
    const { bytes, format } = task.head
    const document = documentOf(task.bytes)
    task = undefined
    if (bytes > LARGE) Bun.gc(true)
    await written(await rendered(document, format))
  }
}
