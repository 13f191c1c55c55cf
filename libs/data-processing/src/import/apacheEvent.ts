import { createHash } from "node:crypto"
import type { Row } from "../readers/Row.ts"
import { writtenTime } from "../readers/writtenTime.ts"
import { type Mapped, rowId } from "./Mapped.ts"

const readTime = writtenTime("dd/MMM/yyyy:HH:mm:ss Z", "+00:00")

/**
 * One request of an access log as a page view. The visitor is a hash of address and
 * browser: the log's addresses are people's, and do not leave the file.
 */
export const apacheEvent = (row: Row, file: string): Mapped => {
  const { fields } = row
  const timestamp = readTime(fields["time"])
  if (timestamp === undefined)
    return { reason: "the time of the request is not readable" }
  const visitor = createHash("sha256")
    .update(`${file}|${fields["ip"]}|${fields["userAgent"]}`)
    .digest("hex")
  const { bytes, method, path, referrer, status, userAgent } = fields
  return {
    event: {
      type: "page",
      timestamp,
      anonymousId: visitor.slice(0, 32),
      messageId: rowId(file, row),
      properties: { path, method, status, bytes, referrer },
      context: { userAgent, page: { path, referrer } }
    }
  }
}
