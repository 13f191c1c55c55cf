import { expect, test } from "bun:test"
import { Schema } from "effect"
import { renderJson } from "../../src/json/renderJson.ts"
import { ReportDocument } from "../../src/ReportDocument.ts"
import { hostileTexts } from "../support/hostileReport.ts"
import { sampleReport } from "../support/sampleReport.ts"

const text = (document: ReportDocument) =>
  new TextDecoder("utf-8", { fatal: true }).decode(renderJson(document).bytes)

const read = (document: ReportDocument) =>
  Schema.decodeUnknownSync(Schema.fromJsonString(ReportDocument))(text(document))

test("a report is read back from its JSON as it was", () => {
  expect(read(sampleReport)).toEqual(sampleReport)
  const hostile: ReportDocument = {
    ...sampleReport,
    title: hostileTexts.join("\n"),
    blocks: hostileTexts.map((detail) => ({ type: "failed", title: detail, detail }))
  }
  expect(read(hostile)).toEqual(hostile)
})

test("equal reports are equal bytes, in whatever order their keys were set", () => {
  const backwards = Object.fromEntries(Object.entries(sampleReport).toReversed())
  const same = Schema.decodeUnknownSync(ReportDocument)(backwards)
  expect(Object.keys(backwards)[0]).not.toBe(Object.keys(sampleReport)[0])
  expect(text(same)).toBe(text(sampleReport))
  expect(text(sampleReport)).toEndWith("}\n")
})
