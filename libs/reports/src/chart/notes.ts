import { type Layer, type TextInk, texts } from "./drawing.ts"
import { wrapText } from "./fitText.ts"

const lineHeight = 16

/** What is said beneath a chart, each note in at most two lines. */
export const notesOf = (
  notes: ReadonlyArray<string>,
  place: { readonly x: number; readonly y: number; readonly width: number },
  color: string
): { readonly height: number; readonly layers: ReadonlyArray<Layer> } => {
  const rows: Array<TextInk> = []
  for (const note of notes)
    for (const text of wrapText(note, place.width, 11, 2))
      rows.push({
        x: place.x,
        y: place.y + (rows.length + 1) * lineHeight,
        text,
        color,
        size: 11
      })
  return rows.length === 0
    ? { height: 0, layers: [] }
    : { height: rows.length * lineHeight + 4, layers: [texts(rows)] }
}
