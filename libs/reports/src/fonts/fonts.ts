import { fileURLToPath } from "node:url"

export interface FontFile {
  readonly family: string
  /** As in CSS. */
  readonly weight: 400 | 600
  /** Path of a TrueType file. */
  readonly path: string
}

const file = (specifier: string): string =>
  fileURLToPath(import.meta.resolve(specifier))

/**
 * The fonts that reports are drawn with, in the order in which they are asked for a
 * character: Latin, Greek and Cyrillic; Arabic; Hebrew, Armenian, Georgian and symbols;
 * emoji. Chinese, Japanese, Korean and Indic scripts are drawn as boxes in pictures and PDF; pages use the
 * reader's own fonts for them.
 */
export const fonts: ReadonlyArray<FontFile> = [
  {
    family: "Inter",
    weight: 400,
    path: file("@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf")
  },
  {
    family: "Inter",
    weight: 600,
    path: file("@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf")
  },
  {
    family: "Noto Sans Arabic",
    weight: 400,
    path: file(
      "@expo-google-fonts/noto-sans-arabic/400Regular/NotoSansArabic_400Regular.ttf"
    )
  },
  {
    family: "DejaVu Sans",
    weight: 400,
    path: file("dejavu-fonts-ttf/ttf/DejaVuSans.ttf")
  },
  {
    family: "Noto Emoji",
    weight: 400,
    path: file("@expo-google-fonts/noto-emoji/400Regular/NotoEmoji_400Regular.ttf")
  }
]

/** Paths of all font files. */
export const fontPaths = (): Array<string> => fonts.map(({ path }) => path)

/** For `font-family` in CSS and SVG. */
export const fontFamily =
  "Inter, 'Noto Sans Arabic', 'DejaVu Sans', 'Noto Emoji', sans-serif"
