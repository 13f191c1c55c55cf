import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto"
import { Redacted } from "effect"

const IV_BYTES = 12
const TAG_BYTES = 16

/** A key that only the holder of this bearer key can make. */
const keyOf = (bearer: Redacted.Redacted): Uint8Array =>
  new Uint8Array(
    hkdfSync("sha256", Redacted.value(bearer), "", "analytics idempotent answer", 32)
  )

/** Encrypts for the holder of a bearer key (AES-256-GCM): IV, tag, text. */
export const seal = (bearer: Redacted.Redacted, text: string): Uint8Array => {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv("aes-256-gcm", keyOf(bearer), iv)
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed])
}

/** @throws when it was sealed for another key, or changed. */
export const unseal = (bearer: Redacted.Redacted, bytes: Uint8Array): string => {
  const decipher = createDecipheriv(
    "aes-256-gcm",
    keyOf(bearer),
    bytes.subarray(0, IV_BYTES)
  )
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
  const text = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES))
  return Buffer.concat([text, decipher.final()]).toString("utf8")
}
