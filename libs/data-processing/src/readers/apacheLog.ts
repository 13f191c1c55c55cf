import { lines } from "./lines.ts"
import { type Bytes, type Row, row, type UnreadableRow, unreadable } from "./Row.ts"

const quoted = String.raw`"((?:[^"\\]|\\.)*)"`
// Servers cut overlong lines, which loses the last quote.
const combined = new RegExp(
  String.raw`^(\S+) (\S+) (\S+) \[([^\]]+)\] ${quoted} (\d{3}) (\d+|-)(?: ${quoted} ${quoted}?)?\s*$`
)

const unescaped = (text: string): string => text.replace(/\\(["\\])/g, "$1")
const orNull = (text: string | undefined): string | null =>
  text === undefined || text === "-" || text === "" ? null : unescaped(text)

/**
 * Apache and Nginx access logs, common or combined format: `ip`, `user`, `time` (as
 * written), `method`, `path`, `protocol`, `status`, `bytes`, `referrer`, `userAgent`.
 */
export async function* apacheLog(bytes: Bytes): AsyncGenerator<Row | UnreadableRow> {
  let number = 0
  for await (const line of lines(bytes)) {
    if (line === "") continue
    number++
    const match = combined.exec(line)
    if (match === null) {
      yield unreadable(number, "not in Apache's common or combined log format")
      continue
    }
    const [, ip, , user, time, request = "", status, size, referrer, agent] = match
    const [method, path, protocol] = unescaped(request).split(" ")
    yield row(number, {
      ip,
      user: orNull(user),
      time,
      method,
      path: path ?? unescaped(request),
      protocol: protocol ?? null,
      status: Number(status),
      bytes: size === "-" ? 0 : Number(size),
      referrer: orNull(referrer),
      userAgent: orNull(agent)
    })
  }
}
