import { chartPng } from "../../src/chart/chartPng.ts"
import { renderDocument } from "../../src/renderDocument.ts"
import { drawnSamples } from "./chartDigests.ts"
import { hostileReport } from "./hostileReport.ts"
import { sampleReport } from "./sampleReport.ts"

const formats = [
  "html",
  "blocks",
  "pdf",
  "xlsx",
  "csv",
  "png",
  "json",
  "email"
] as const

const digest = (bytes: Uint8Array): string => Bun.SHA256.hash(bytes, "hex")

/** SHA-256 of every format of two reports, as JSON: for processes to be compared. */
const digests = async (): Promise<Record<string, string>> => {
  const found: Record<string, string> = {}
  for (const [name, document] of Object.entries({ sampleReport, hostileReport })) {
    for (const format of formats) {
      const isPicture = format === "png" || format === "email"
      // Pictures full of text take seconds.
      if (isPicture && name === "hostileReport") continue
      // The second time everything is warm.
      for (const round of isPicture || name === "hostileReport" ? [1] : [1, 2])
        found[`${name} ${format} ${round}`] = digest(
          (await renderDocument(document, format)).bytes
        )
    }
  }
  for (const { name, pictures, digest: drawing } of drawnSamples(6)) {
    found[name] = drawing
    for (const { svg } of pictures.slice(0, 1))
      found[`${name} png`] = digest(chartPng(svg, 2))
  }
  return found
}

if (import.meta.main) process.stdout.write(JSON.stringify(await digests()))
