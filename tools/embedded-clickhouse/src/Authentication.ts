import { createHash, timingSafeEqual } from "node:crypto"
import { engineError } from "./EngineError.ts"

export interface Credentials {
  readonly user: string
  readonly password: string
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

const equal = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))

const basic = (header: string | null): Credentials | undefined => {
  const encoded = /^Basic\s+(\S+)$/i.exec(header ?? "")?.[1]
  if (encoded === undefined) return undefined
  const [user = "", ...rest] = Buffer.from(encoded, "base64").toString().split(":")
  return { user, password: rest.join(":") }
}

/** Throws unless the request carries the credentials, wherever its client puts them. */
export const authenticate = (
  headers: Headers,
  parameters: URLSearchParams,
  expected: Credentials | undefined
): void => {
  if (expected === undefined) return
  const user = headers.get("x-clickhouse-user") ?? parameters.get("user")
  const given = basic(headers.get("authorization")) ?? {
    user: user ?? "default",
    password: headers.get("x-clickhouse-key") ?? parameters.get("password") ?? ""
  }
  if (!equal(given.user, expected.user) || !equal(given.password, expected.password)) {
    throw engineError(
      516,
      "AUTHENTICATION_FAILED",
      `${given.user}: Authentication failed: password is incorrect, or there is no user with such name`
    )
  }
}
