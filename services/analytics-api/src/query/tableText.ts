import { arrow } from "@analytics/data-processing/tables/arrowTable"
import {
  csv,
  ndjson,
  type TableFormat
} from "@analytics/data-processing/tables/textTable"

const formats: ReadonlyArray<readonly [string, TableFormat | "json"]> = [
  ["application/json", "json"],
  ["application/x-ndjson", ndjson],
  ["application/ndjson", ndjson],
  ["text/csv", csv],
  [arrow.contentType, arrow]
]

export const offered = `application/json, application/x-ndjson, text/csv or ${arrow.contentType}`

/** What an `Accept` header wants most of what there is (RFC 9110); undefined: nothing of it. */
export const formatFor = (
  accept: string | undefined
): TableFormat | "json" | undefined => {
  const ranges = (accept ?? "*/*")
    .split(",")
    .map((part) => {
      const [range = "", ...parameters] = part.split(";").map((it) => it.trim())
      const quality = parameters.find((it) => /^q=/iu.test(it))?.slice(2)
      return { range: range.toLowerCase(), quality: Number(quality ?? 1) }
    })
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality)
  for (const { range } of ranges) {
    const [type, subtype] = range.split("/")
    const found = formats.find(
      ([name]) =>
        range === "*/*" ||
        name === range ||
        (subtype === "*" && name.startsWith(`${type}/`))
    )
    if (found) return found[1]
  }
  return undefined
}
