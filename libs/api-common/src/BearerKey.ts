import { createHash, timingSafeEqual } from "node:crypto"
import { Option, Redacted } from "effect"

/**
 * The key in an `Authorization` header: `Bearer <key>`, or `Basic <base64 of key:>` as
 * the common analytics clients send it.
 */
export const fromAuthorization = (
  header: string | null | undefined
): Option.Option<Redacted.Redacted> => {
  const [, scheme, credentials] = /^(bearer|basic) +(\S+) *$/iu.exec(header ?? "") ?? []
  if (scheme === undefined || credentials === undefined) return Option.none()
  const key = scheme.toLowerCase() === "bearer" ? credentials : userOf(credentials)
  return key === "" ? Option.none() : Option.some(Redacted.make(key))
}

/** The user name of Basic credentials; the password is ignored. */
const userOf = (credentials: string): string => {
  const [user = ""] = Buffer.from(credentials, "base64").toString("utf8").split(":")
  return user
}

const sha256 = (key: Redacted.Redacted): Buffer =>
  createHash("sha256").update(Redacted.value(key)).digest()

/** How keys are stored and looked up: hex SHA-256. Keys are random, so no salt is needed. */
export const hashKey = (key: Redacted.Redacted): string => sha256(key).toString("hex")

/** Whether two keys are the same, in a time that tells nothing about where they differ. */
export const sameKey = (a: Redacted.Redacted, b: Redacted.Redacted): boolean =>
  timingSafeEqual(sha256(a), sha256(b))
