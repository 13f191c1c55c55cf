import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { fonts } from "../fonts/fonts.ts"
import { readTrueType, type TrueType } from "../fonts/trueType.ts"
import { renameFont } from "./renameFont.ts"

/** No font of a machine has a name like this. */
const privateName = (family: string): string => `Report ${family}`

const file = (specifier: string): string =>
  fileURLToPath(import.meta.resolve(specifier))

/** What pages need besides the fonts of charts. */
const more: ReadonlyArray<{ family: string; style: string; path: string }> = [
  {
    family: "Inter",
    style: "Italic",
    path: file("@expo-google-fonts/inter/400Regular_Italic/Inter_400Regular_Italic.ttf")
  },
  {
    family: "Noto Sans Arabic",
    style: "SemiBold",
    path: file(
      "@expo-google-fonts/noto-sans-arabic/600SemiBold/NotoSansArabic_600SemiBold.ttf"
    )
  },
  {
    family: "DejaVu Sans",
    style: "Bold",
    path: file("dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf")
  },
  {
    family: "DejaVu Sans Mono",
    style: "Regular",
    path: file("dejavu-fonts-ttf/ttf/DejaVuSansMono.ttf")
  },
  {
    family: "Noto Sans",
    style: "Regular",
    path: file("@expo-google-fonts/noto-sans/400Regular/NotoSans_400Regular.ttf")
  }
]

const files = [
  ...fonts.map(({ family, weight, path }) => ({
    family,
    style: weight === 400 ? "Regular" : "SemiBold",
    path
  })),
  ...more
]

/**
 * Families in the order in which they are asked for a character. Noto Sans Arabic draws a
 * letter and its dots apart, and whoever copies it from a page gets the letter twice: it is
 * for letters that DejaVu Sans lacks.
 */
const order = [
  "Inter",
  "Noto Sans",
  "DejaVu Sans",
  "Noto Sans Arabic",
  "Noto Emoji"
] as const

const regular = new Map<string, TrueType>()

/** The upright font of a family; read when it is first needed. */
const upright = (family: string): TrueType => {
  const known = regular.get(family)
  if (known !== undefined) return known
  const path = files.find((font) => font.family === family)?.path
  if (path === undefined) throw new Error(`there is no font ${family}`)
  const font = readTrueType(readFileSync(path))
  regular.set(family, font)
  return font
}

/** The fonts under names of their own, as Typst takes them. */
export const fontBlobs = (): Array<Buffer> =>
  files.map(({ family, style, path }) =>
    Buffer.from(renameFont(readFileSync(path), privateName(family), style))
  )

/** For `text(font: …)`. */
export const textFonts: ReadonlyArray<string> = order.map(privateName)

/** For text of programs. */
export const monoFonts: ReadonlyArray<string> = [
  privateName("DejaVu Sans Mono"),
  ...textFonts
]

const widths = new Map<number, number | null>()

const measure = (code: number): number | null => {
  for (const family of order) {
    const width = upright(family).advance(code)
    if (width !== undefined) return width
  }
  return null
}

/** Of one character in em; null: no font has it. */
export const characterWidth = (code: number): number | null => {
  const known = widths.get(code)
  if (known !== undefined) return known
  const width = measure(code)
  widths.set(code, width)
  return width
}

/** Whether one font has all of these, as it must to join them. */
export const isInOneFont = (codes: ReadonlyArray<number>): boolean =>
  order.some((family) =>
    codes.every((code) => upright(family).advance(code) !== undefined)
  )

/** Of a line in em, about: letters that join or are kerned are a little narrower. */
export const textWidth = (text: string): number => {
  let sum = 0
  for (const character of text)
    sum += characterWidth(character.codePointAt(0) ?? 0) ?? 1
  return sum
}

/** Whether one font has all of it, so that nothing has to be looked for elsewhere. */
export const isPlainLatin = (text: string): boolean => {
  const inter = upright("Inter")
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (code >= 0x20 && inter.advance(code) === undefined) return false
  }
  return true
}

/** Names of fonts in an SVG become the private ones. */
export const withPrivateFonts = (svg: string): string =>
  svg.replaceAll(/font-family(?:="[^"]*"|:[^;"}]*)/gu, (families) =>
    order.reduce(
      (text, family) =>
        text.replaceAll(
          new RegExp(`(?<=[=:,"' ])${family}(?=[,"';&]|$)`, "gu"),
          privateName(family)
        ),
      families
    )
  )
