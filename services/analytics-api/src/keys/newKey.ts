import { randomBytes } from "node:crypto"
import { hashKey } from "@analytics/api-common/BearerKey"
import { Redacted } from "effect"
import type { KeyKind } from "./Key.ts"

const prefixes = { write: "wk_", secret: "sk_" } satisfies Record<KeyKind, string>

/** Letters and digits after `wk_` or `sk_` that are kept to tell keys apart. */
const shownLength = 6

/** From so many characters on, only the beginning of a given key is kept. */
const longLength = 24

/** A key that was just made or given, and all of it that will be stored. */
export interface NewKey {
  readonly key: Redacted.Redacted
  readonly kind: KeyKind
  /** Hex SHA-256. */
  readonly hash: string
  readonly prefix: string
}

/** `wk_…` or `sk_…` with 256 random bits. */
export const newKey = (kind: KeyKind): NewKey => {
  const text = prefixes[kind] + randomBytes(32).toString("hex")
  const key = Redacted.make(text)
  return {
    key,
    kind,
    hash: hashKey(key),
    prefix: text.slice(0, prefixes[kind].length + shownLength)
  }
}

/** A write key as clients in the field carry it already. */
export const adoptedKey = (text: string): NewKey => {
  const key = Redacted.make(text)
  return { key, kind: "write", hash: hashKey(key), prefix: shownOf(text) }
}

/** Of long ones as much as of a key that was made; whole what everybody may know. */
const shownOf = (text: string): string =>
  text.length < longLength || isDomain(text)
    ? text
    : [...text].slice(0, prefixes.write.length + shownLength).join("")

const isDomain = (text: string): boolean =>
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}$/iu.test(text)
