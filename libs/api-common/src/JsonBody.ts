import { Elysia } from "elysia"
import { nestsDeeperThan } from "./nestsDeeperThan.ts"

/** Larger than any request these APIs know. */
export const defaultLimit = 1024 * 1024

/** Deeper than any request these APIs know. */
const MAX_NESTING = 1000

/** Bytes; or what says how many of them are read of a request, before any is. */
export type BodyLimit = number | ((request: Request) => number | Promise<number>)

/** A body with more bytes than are read. */
export class BodyTooLarge extends Error {
  readonly limit: number
  constructor(limit: number) {
    super(`The body is larger than ${limit} bytes`)
    this.limit = limit
  }
}

/** A body whose arrays and objects lie deeper in each other than is read. */
export class BodyTooDeep extends Error {
  readonly limit: number
  constructor(limit: number) {
    super(`The body nests deeper than ${limit} levels`)
    this.limit = limit
  }
}

/**
 * Reads every body as JSON, whatever its Content-Type says, and stops at `limit` bytes;
 * an empty body is `null`. What nests too deep is not parsed. Routes with `parse: "none"`
 * read their own.
 */
export const jsonBody = (limit: BodyLimit = defaultLimit) =>
  new Elysia({
    name: "@analytics/api-common/json-body",
    seed: typeof limit === "number" ? limit : "by request"
  }).onParse({ as: "global" }, async ({ request }) => {
    const most = typeof limit === "number" ? limit : await limit(request)
    const bytes = await readUpTo(request, most)
    if (bytes.length === 0) return null
    if (nestsDeeperThan(bytes, MAX_NESTING)) throw new BodyTooDeep(MAX_NESTING)
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes))
  })

/**
 * @param arrived told how many bytes there are now; may throw, which ends the reading
 * @throws {BodyTooLarge} as soon as the limit is passed, before the rest is read.
 */
export const readUpTo = async (
  request: Request,
  limit: number,
  arrived?: (bytes: number) => void
): Promise<Uint8Array> => {
  if (Number(request.headers.get("content-length") ?? 0) > limit)
    throw new BodyTooLarge(limit)
  const chunks: Array<Uint8Array> = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength
    if (size > limit) throw new BodyTooLarge(limit)
    arrived?.(size)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
