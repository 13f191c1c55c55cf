import { createHmac, timingSafeEqual } from "node:crypto"

/** A key for one purpose, made of the installation's secret. */
export const signingKey = (secret: string): Buffer =>
  createHmac("sha256", secret).update("reports/files/v1").digest()

/** What a signature covers: which file, and until when (epoch seconds). */
const signature = (key: Buffer, file: string, expires: number): string =>
  createHmac("sha256", key).update(`${file}\n${expires}`).digest("base64url")

/** The path and query of a link that needs no key. */
export const signedPath = (key: Buffer, file: string, expires: number): string =>
  `/v1/files/${file}?expires=${expires}&signature=${signature(key, file, expires)}`

/** Whether the link is one of ours and still works. */
export const isSigned = (
  key: Buffer,
  file: string,
  expires: number,
  given: string,
  now: number
): boolean => {
  const expected = Buffer.from(signature(key, file, expires))
  const said = Buffer.from(given)
  return (
    said.length === expected.length &&
    timingSafeEqual(said, expected) &&
    now < expires * 1000
  )
}
