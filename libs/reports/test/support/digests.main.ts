import { chartPng } from "../../src/chart/chartPng.ts"
import { renderEmail } from "../../src/email/renderEmail.ts"
import { renderDocument } from "../../src/renderDocument.ts"
import { drawnSamples } from "./chartDigests.ts"
import { hostileReport } from "./hostileReport.ts"
import { sampleReport } from "./sampleReport.ts"

const digest = (bytes: Uint8Array): string => Bun.SHA256.hash(bytes, "hex")

/** SHA-256 of every format of two reports, as JSON: for processes to be compared. */
const digests = async (): Promise<Record<string, string>> => {
  const found: Record<string, string> = {}
  for (const [name, document] of Object.entries({ sampleReport, hostileReport })) {
    for (const format of ["html", "xlsx", "csv", "json"] as const)
      found[`${name} ${format}`] = digest(
        (await renderDocument(document, format)).bytes
      )
    const { html, text, images } = renderEmail(document)
    found[`${name} mail`] = digest(new TextEncoder().encode(html + text))
    for (const { cid, bytes } of images) found[`${name} ${cid}`] = digest(bytes)
  }
  for (const { name, pictures, digest: drawing } of drawnSamples(6)) {
    found[name] = drawing
    for (const { svg } of pictures.slice(0, 1))
      found[`${name} png`] = digest(chartPng(svg, 2))
  }
  return found
}

if (import.meta.main) process.stdout.write(JSON.stringify(await digests()))
