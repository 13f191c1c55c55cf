import { dieWithParent } from "@analytics/api-common/dieWithParent"
import { renderDocument } from "@analytics/reports/renderDocument"
import { MOST_FILE, type RenderHead, type RenderTask } from "./RenderTask.ts"

/** Characters of what went wrong that a reader gets. */
const MOST_FAULT = 500

const said = (head: RenderHead): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(head)}\n`)

const rendered = async ({
  document,
  format
}: RenderTask): Promise<ReadonlyArray<Uint8Array>> => {
  try {
    const { bytes, extension, mediaType } = await renderDocument(document, format)
    if (bytes.byteLength > MOST_FILE)
      return [said({ fault: `The file would be larger than ${MOST_FILE} bytes.` })]
    return [said({ mediaType, extension, bytes: bytes.byteLength }), bytes]
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return [said({ fault: text.slice(0, MOST_FAULT) })]
  }
}

const written = async (chunks: ReadonlyArray<Uint8Array>): Promise<void> => {
  const out = Bun.stdout.writer()
  for (const chunk of chunks) out.write(chunk)
  await out.flush()
}

/**
 * Renders in a process of its own: a task a line on stdin; on stdout a line, then the bytes.
 * It ends when stdin does, and on Linux with the service, also in the middle of a task.
 */
if (import.meta.main) {
  dieWithParent()
  // What a library says must not get between the answers.
  const nothing = () => {}
  Object.assign(console, { log: nothing, info: nothing, debug: nothing })
  for await (const line of console) await written(await rendered(JSON.parse(line)))
}
