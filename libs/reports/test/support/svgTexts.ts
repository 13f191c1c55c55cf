import { type FontWeight, textWidth } from "../../src/fonts/textWidth.ts"

/** Where a line of text is in a picture, in pixels. */
export interface DrawnText {
  readonly text: string
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

const attribute = (tag: string, name: string): string | undefined =>
  new RegExp(` ${name}="([^"]*)"`, "u").exec(tag)?.[1]

const moved = (tag: string): readonly [number, number] => {
  const found = /translate\(([-\d.e]+)(?:[ ,]([-\d.e]+))?\)/u.exec(
    attribute(tag, "transform") ?? ""
  )
  return [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)]
}

const plain = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&")

/** All tags of an SVG, as they are written. */
export const tagsOf = (svg: string): ReadonlyArray<string> =>
  svg.match(/<[^>]*>/gu) ?? []

/** Every text that is drawn, with the room it takes by the widths of the fonts. */
export const drawnTexts = (svg: string): ReadonlyArray<DrawnText> => {
  const made: Array<DrawnText> = []
  const places: Array<readonly [number, number]> = []
  for (const [, tag = "", after = ""] of svg.matchAll(/(<[^>]*>)([^<]*)/gu)) {
    if (tag.startsWith("</g")) places.pop()
    else if (tag.startsWith("<g") && !tag.endsWith("/>")) places.push(moved(tag))
    else if (tag.startsWith("<text")) {
      const [x, y] = [...places, moved(tag)].reduce(
        (sum, [dx, dy]) => [sum[0] + dx, sum[1] + dy] as const,
        [0, 0] as const
      )
      const size = Number.parseFloat(attribute(tag, "font-size") ?? "0")
      const weight: FontWeight = attribute(tag, "font-weight") === "600" ? 600 : 400
      const text = plain(after)
      const width = textWidth(text, size, weight)
      const anchor = attribute(tag, "text-anchor") ?? "start"
      const left =
        anchor === "end" ? x - width : anchor === "middle" ? x - width / 2 : x
      made.push({
        text,
        left,
        right: left + width,
        top: y - size * 0.75,
        bottom: y + size * 0.2
      })
    }
  }
  return made
}

/** Pairs of different texts that cover each other by more than a pixel. */
export const overlaps = (
  texts: ReadonlyArray<DrawnText>
): ReadonlyArray<readonly [DrawnText, DrawnText]> => {
  const sorted = texts.toSorted((a, b) => a.left - b.left)
  return sorted.flatMap((a, at) => {
    const found: Array<readonly [DrawnText, DrawnText]> = []
    for (let other = at + 1; other < sorted.length; other++) {
      const b = sorted[other]
      if (b === undefined || b.left >= a.right - 1) break
      // A text and the halo around it.
      const same = a.text === b.text && a.left === b.left && a.top === b.top
      if (!same && a.top < b.bottom - 1 && b.top < a.bottom - 1) found.push([a, b])
    }
    return found
  })
}
