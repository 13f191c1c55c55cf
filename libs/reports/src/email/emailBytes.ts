import type { ReportDocument } from "../ReportDocument.ts"
import { renderEmail } from "./renderEmail.ts"

/** A report as an e-mail, as `EmailParts` reads it. */
export const emailBytes = (document: ReportDocument): Uint8Array => {
  const { html, images, text } = renderEmail(document)
  return new TextEncoder().encode(
    JSON.stringify({
      html,
      text,
      images: images.map(({ bytes, ...image }) => ({
        ...image,
        bytes: Buffer.from(bytes).toString("base64")
      }))
    })
  )
}
