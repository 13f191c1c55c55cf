import { createHash } from "node:crypto"

/** By which queries are told apart without keeping their text: hex SHA-256 of the request. */
export const hashOf = (body: unknown): string =>
  createHash("sha256")
    .update(JSON.stringify(body) ?? "")
    .digest("hex")
