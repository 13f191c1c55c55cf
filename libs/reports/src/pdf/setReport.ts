import { type DocumentHead, documentHead } from "../format/documentHead.ts"
import { plainLine } from "../format/plainText.ts"
import type { ReportDocument } from "../ReportDocument.ts"
import type { PdfBlock, PdfModel } from "./PdfModel.ts"
import { localeLayout } from "./paper.ts"
import { BlockSetter, type SetBlock } from "./pdfBlocks.ts"
import { monoFonts, textFonts } from "./pdfFonts.ts"
import {
  breakLongWords,
  headingText,
  isBlank,
  isRightToLeft,
  showable
} from "./showable.ts"

/** Rows and cells that pages hold; a document of pages no one turns takes a minute. */
const pages = { blocks: 400, rows: 5000, cells: 40_000 }
/** A picture shows how a report begins. */
const picture = { blocks: 30, rows: 20, cells: 4000 }
/** Points from margin to margin of a picture. */
const pictureWidth = 620
/** Callouts above everything else. */
const mostNotices = 20
/** From so many headings on, they are listed on the first page. */
const contentsFrom = 8

const headings = (blocks: ReadonlyArray<SetBlock>): number =>
  blocks.reduce((count, { block }) => {
    if (block.type === "markdown")
      return (
        count +
        block.nodes.filter((node) => node.type === "heading" && node.level < 3).length
      )
    return "level" in block && block.level < 3 ? count + 1 : count
  }, 0)

/** Runs of blocks whose pages are turned alike. */
const sections = (blocks: ReadonlyArray<SetBlock>): PdfModel["sections"] => {
  const made: Array<{ landscape: boolean; blocks: Array<PdfBlock> }> = []
  for (const { landscape, block } of blocks) {
    const open = made[made.length - 1]
    if (open?.landscape === landscape) open.blocks.push(block)
    else made.push({ landscape, blocks: [block] })
  }
  return made.length === 0 ? [{ landscape: false, blocks: [] }] : made
}

/** Text of one line at the edge of pages. */
const short = (text: string, limit: number): string => showable(plainLine(text, limit))

const facts = (head: DocumentHead): PdfModel["facts"] => {
  const words = (text: string) => breakLongWords(showable(text, 200), 18)
  const all: PdfModel["facts"] = [
    ["Project", words(head.project)],
    ["Period", words(head.range ?? "")],
    ["As of", words(head.asOf)],
    ["Time zone", words(head.timezone)]
  ]
  return all.filter(([, text]) => !isBlank(text))
}

export interface SetReport {
  readonly model: PdfModel
  /** SVG of charts by the names that the model has for them. */
  readonly files: ReadonlyMap<string, string>
  /** Of all tables. */
  readonly cells: number
}

/** A report as pages, or as one picture of how it begins. */
export const setReport = (
  document: ReportDocument,
  form: "pages" | "picture"
): SetReport => {
  const { lang, region, rtl, paper } = localeLayout(document.locale)
  const isPicture = form === "picture"
  const bounds = isPicture ? picture : pages
  const space = isPicture ? { portrait: pictureWidth } : paper.space
  const { locale, timezone } = document
  const setter = new BlockSetter({
    writing: { locale, timezone },
    space,
    chartHeight: isPicture ? 1200 : paper.height * 0.8,
    rows: bounds.rows,
    cells: bounds.cells,
    picture: isPicture
  })
  const blocks = document.blocks
    .slice(0, bounds.blocks)
    .flatMap((block) => setter.set(block))
  const rest = document.blocks.length - bounds.blocks
  if (rest > 0)
    blocks.push({
      landscape: false,
      block: { type: "note", text: `${rest} more parts of this report are not here.` }
    })
  const head = documentHead(document)
  const asOf = Date.parse(document.asOf)
  const at = new Date(Number.isNaN(asOf) ? 0 : asOf)
  const title = headingText(head.title, 300)
  return {
    files: setter.files,
    cells: setter.cells,
    model: {
      picture: isPicture,
      title: breakLongWords(title, 20),
      documentTitle: plainLine(title, 300),
      titleRtl: isRightToLeft(title),
      subtitle: breakLongWords(showable(head.subtitle ?? "", 500), 35),
      runningTitle: short(head.title, 70),
      project: short(head.project, 40),
      footer: short(`As of ${head.asOf}`, 80),
      facts: facts(head),
      notices: [
        ...head.notices.slice(0, mostNotices).map(({ label, text }, index) => ({
          kind: document.notices[index]?.kind ?? ("warning" as const),
          label: `${label}.`,
          text: breakLongWords(showable(text, 2000), 45)
        })),
        ...(head.notices.length > mostNotices
          ? [
              {
                kind: "warning" as const,
                label: "Note.",
                text: `${head.notices.length - mostNotices} more notices are not here.`
              }
            ]
          : [])
      ],
      date: [
        at.getUTCFullYear(),
        at.getUTCMonth() + 1,
        at.getUTCDate(),
        at.getUTCHours(),
        at.getUTCMinutes(),
        at.getUTCSeconds()
      ],
      lang,
      region,
      rtl,
      paper: paper.name,
      width: pictureWidth + 60,
      fonts: textFonts,
      monoFonts,
      contents: !isPicture && headings(blocks) >= contentsFrom,
      sections: sections(blocks)
    }
  }
}
