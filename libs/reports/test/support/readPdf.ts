import { getDocumentProxy } from "unpdf"

/** Text that stands together, in points from the lower left corner of its page. */
export interface PdfText {
  readonly text: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface PdfPage {
  readonly width: number
  readonly height: number
  /** As a reader would select it; lines end with a newline. */
  readonly text: string
  readonly texts: ReadonlyArray<PdfText>
  readonly links: ReadonlyArray<string>
}

/** What takes long to read. */
export interface PdfDetails {
  /** Of the structure's tree, from the top. */
  readonly roles: ReadonlyArray<string>
  readonly fonts: ReadonlyArray<{ readonly name: string; readonly embedded: boolean }>
}

export interface PdfFile {
  readonly title: unknown
  readonly language: unknown
  readonly created: unknown
  readonly tagged: boolean
  readonly outline: ReadonlyArray<{
    readonly title: string
    readonly level: number
    /** From 1. */
    readonly page: number
  }>
  readonly pages: ReadonlyArray<PdfPage>
}

type Proxy = Awaited<ReturnType<typeof getDocumentProxy>>
type Page = Awaited<ReturnType<Proxy["getPage"]>>
type Entries = Awaited<ReturnType<Proxy["getOutline"]>>

const has = <K extends string>(value: unknown, key: K): value is Record<K, unknown> =>
  typeof value === "object" && value !== null && key in value

const rolesOf = (node: unknown): ReadonlyArray<string> => [
  ...(has(node, "role") && typeof node.role === "string" ? [node.role] : []),
  ...(has(node, "children") && Array.isArray(node.children)
    ? node.children.flatMap(rolesOf)
    : [])
]

const fontsOf = async (page: Page): Promise<PdfDetails["fonts"]> => {
  await page.getOperatorList()
  const named = new Set<string>()
  for (const item of (await page.getTextContent()).items)
    if ("fontName" in item) named.add(item.fontName)
  return [...named].map((id) => {
    const font: unknown = page.commonObjs.get(id)
    return {
      name: has(font, "name") ? String(font.name) : "",
      embedded: has(font, "missingFile") && font.missingFile === false
    }
  })
}

const pageOf = async (page: Page): Promise<PdfPage> => {
  const { width, height } = page.getViewport({ scale: 1 })
  const { items } = await page.getTextContent()
  const texts = items.flatMap((item) => {
    if (!("str" in item)) return []
    const [, , , , x, y] = item.transform.map(Number)
    return item.str.trim() === "" || x === undefined || y === undefined
      ? []
      : [{ text: item.str, x, y, width: item.width, height: item.height }]
  })
  const annotations: ReadonlyArray<unknown> = await page.getAnnotations()
  return {
    width,
    height,
    text: items
      .map((item) => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : ""))
      .join(""),
    texts,
    links: annotations.flatMap((each) =>
      has(each, "unsafeUrl") ? [String(each.unsafeUrl)] : []
    )
  }
}

const outlineOf = async (
  pdf: Proxy,
  entries: Entries,
  level = 1
): Promise<PdfFile["outline"]> => {
  const made: Array<PdfFile["outline"][number]> = []
  for (const { title, dest, items } of entries ?? []) {
    const place = typeof dest === "string" ? await pdf.getDestination(dest) : dest
    const page = (await pdf.getPageIndex(place?.[0])) + 1
    made.push({ title, level, page }, ...(await outlineOf(pdf, items, level + 1)))
  }
  return made
}

/** A PDF as another program reads it. */
export const readPdf = async (bytes: Uint8Array): Promise<PdfFile> => {
  const pdf = await getDocumentProxy(bytes.slice())
  const { info } = await pdf.getMetadata()
  const marks = await pdf.getMarkInfo()
  const pages: Array<PdfPage> = []
  for (let at = 1; at <= pdf.numPages; at++)
    pages.push(await pageOf(await pdf.getPage(at)))
  const outline = await outlineOf(pdf, await pdf.getOutline())
  await pdf.loadingTask.destroy()
  return {
    title: has(info, "Title") ? info.Title : undefined,
    language: has(info, "Language") ? info.Language : undefined,
    created: has(info, "CreationDate") ? info.CreationDate : undefined,
    tagged: marks?.Marked === true,
    outline,
    pages
  }
}

/** Roles of its structure and fonts of its text. */
export const readPdfDetails = async (bytes: Uint8Array): Promise<PdfDetails> => {
  const pdf = await getDocumentProxy(bytes.slice())
  const roles: Array<string> = []
  const fonts: Array<PdfDetails["fonts"][number]> = []
  for (let at = 1; at <= pdf.numPages; at++) {
    const page = await pdf.getPage(at)
    roles.push(...rolesOf(await page.getStructTree()))
    fonts.push(...(await fontsOf(page)))
  }
  await pdf.loadingTask.destroy()
  return { roles, fonts }
}

/** Without spaces, line ends and places where a line may end. */
export const squeezed = (text: string): string => text.replaceAll(/[\s\u200b]+/gu, "")
