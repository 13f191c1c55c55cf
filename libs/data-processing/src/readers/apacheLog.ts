import { rowPerLine } from "./lines.ts"
import { type Row, row, type UnreadableRow, unreadable } from "./Row.ts"

const quoted = String.raw`"((?:[^"\\]|\\.)*)"`
// Servers cut overlong lines, which loses the last quote.
const combined = new RegExp(
  String.raw`^(\S+) (\S+) (\S+) \[([^\]]+)\] ${quoted} (\d{3}) (\d+|-)(?: ${quoted} ${quoted}?)?$`
)

const unescaped = (text: string): string => text.replace(/\\(["\\])/g, "$1")
const orNull = (text: string | undefined): string | null =>
  text === undefined || text === "-" || text === "" ? null : unescaped(text)

const parsed = (number: number, line: string): Row | UnreadableRow => {
  const match = combined.exec(line.trimEnd())
  if (match === null)
    return unreadable(number, "not in Apache's common or combined log format")
  const [, ip, , user, time, request = "", status, size, referrer, agent] = match
  const [method, path, protocol] = unescaped(request).split(" ")
  return row(number, {
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

/**
 * Apache and Nginx access logs, common or combined format: `ip`, `user`, `time` (as
 * written), `method`, `path`, `protocol`, `status`, `bytes`, `referrer`, `userAgent`.
 */
export const apacheLog = rowPerLine(parsed)
