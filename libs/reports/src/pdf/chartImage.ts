import { Resvg } from "@resvg/resvg-js"
import { fontPaths } from "../fonts/fonts.ts"
import { isPlainLatin, withPrivateFonts } from "./pdfFonts.ts"

/** Text of an SVG with what entities stand for. */
const characters = (svg: string): string =>
  svg.replaceAll(/&#(x?)([0-9a-f]+);/giu, (_, hex: string, digits: string) => {
    const code = Number.parseInt(digits, hex === "" ? 10 : 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd"
  })

const outlined = (svg: string): string =>
  new Resvg(svg, {
    font: {
      loadSystemFonts: false,
      fontFiles: fontPaths(),
      defaultFontFamily: "Inter",
      sansSerifFamily: "Inter"
    }
  }).toString()

/**
 * An SVG for pages. Its text stays text where one font has all of it; else it becomes
 * outlines here, for Typst would look for the rest in the fonts of the machine.
 */
export const chartImage = (svg: string, keepText: boolean): string =>
  keepText && isPlainLatin(characters(svg)) ? withPrivateFonts(svg) : outlined(svg)

/** Width and height of an SVG, in its own units. */
export const svgSize = (svg: string): { width: number; height: number } => {
  const box = /viewBox="\s*\S+[\s,]+\S+[\s,]+([\d.]+)[\s,]+([\d.]+)\s*"/u.exec(svg)
  const width = Number(box?.[1] ?? /<svg[^>]*\swidth="([\d.]+)/u.exec(svg)?.[1])
  const height = Number(box?.[2] ?? /<svg[^>]*\sheight="([\d.]+)/u.exec(svg)?.[1])
  return width > 0 && height > 0 ? { width, height } : { width: 640, height: 320 }
}
