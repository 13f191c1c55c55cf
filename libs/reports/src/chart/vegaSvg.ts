import * as vega from "vega"
import { compile } from "vega-lite"
import { fontFamily } from "../fonts/fonts.ts"
import type { ChartOptions } from "./ChartOptions.ts"
import type { Drawing } from "./drawing.ts"
import { hatchDefinitions } from "./hatch.ts"
import { chartColors } from "./theme.ts"

declare module "vega" {
  /** Vega's own; its types leave it out. Unlike `View.toSVG` it does not wait. */
  class SVGStringRenderer {
    initialize(
      element: null,
      width: number,
      height: number,
      origin: readonly [number, number]
    ): this
    render(scene: unknown): this
    svg(): string
  }
}

/** Text between tags. */
const escapeText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

/** Groups that Vega wraps around everything, without a stroke or a fill. */
const nothing =
  /<path class="(?:background|foreground)"[^>]*\/>|<g[^>]*><\/g>|<path[^>]* d=""[^>]*\/>/gu

/** A thousandth of a pixel is more than any screen or printer shows. */
const long = /-?\d+\.\d{4,}/gu

const attributes =
  / (?:class|role|aria-[a-z]+|stroke-miterlimit)="[^"]*"| transform="translate\(0,0\)"| opacity="1"| stroke="none"| stroke-dasharray=""/gu

/**
 * What is needed of Vega's SVG: no classes and roles that would mean something in a page.
 * `<` and `>` are always of tags, since Vega escapes them in texts.
 */
const bare = (svg: string): string =>
  svg
    .replace(/^<svg[^>]*>/u, "")
    .replace(/<\/svg>$/u, "")
    .replaceAll(nothing, "")
    .replaceAll(/<[^>]*>/gu, (tag) =>
      tag
        .replaceAll(attributes, "")
        .replaceAll(long, (digits) => String(Math.round(Number(digits) * 1000) / 1000))
    )
    .replaceAll(` font-family="${fontFamily}"`, "")

const drawn = (drawing: Drawing): string => {
  const { spec } = compile({
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    width: drawing.plotWidth,
    height: drawing.plotHeight,
    padding: 0,
    autosize: "none",
    config: { aria: false, view: { stroke: null }, font: fontFamily },
    layer: [...drawing.layers]
  })
  const view = new vega.View(vega.parse(spec), { renderer: "none" })
  try {
    const scene: object = view.run().scenegraph()
    if (!("root" in scene)) throw new Error("Vega drew nothing")
    return new vega.SVGStringRenderer()
      .initialize(null, drawing.width, drawing.height, [drawing.left, drawing.top])
      .render(scene.root)
      .svg()
  } finally {
    view.finalize()
  }
}

/** A drawing as SVG. `title` and `description` are read out by screen readers. */
export const vegaSvg = (
  drawing: Drawing,
  options: ChartOptions,
  { title, description }: { readonly title: string; readonly description: string }
): string => {
  const id = options.id ?? "chart"
  const { surface } = chartColors(options.theme)
  const { width, height } = drawing
  const body = bare(drawn(drawing))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"`,
    ` viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc"`,
    ` font-family="${fontFamily}">`,
    `<title id="${id}-title">${escapeText(title)}</title>`,
    `<desc id="${id}-desc">${escapeText(description)}</desc>`,
    hatchDefinitions(body, id),
    `<rect width="${width}" height="${height}" fill="${surface}"/>`,
    body,
    "</svg>"
  ].join("")
}
