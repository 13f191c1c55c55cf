import { Resvg } from "@resvg/resvg-js"
import { fontPaths } from "../fonts/fonts.ts"

/** An SVG of a chart as PNG, `scale` device pixels per CSS pixel; only with the fonts here. */
export const chartPng = (svg: string, scale: number): Uint8Array =>
  new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: {
      loadSystemFonts: false,
      fontFiles: fontPaths(),
      defaultFontFamily: "Inter",
      sansSerifFamily: "Inter"
    }
  })
    .render()
    .asPng()
