import type { TopLevelSpec } from "vega-lite"
import type { FontWeight } from "../fonts/textWidth.ts"

/** A layer of a Vega-Lite specification. */
export type Layer = Extract<
  TopLevelSpec,
  { layer: ReadonlyArray<unknown> }
>["layer"][number]

/** A chart laid out: what Vega-Lite draws, in pixels from the upper left of its plot. */
export interface Drawing {
  /** Of the whole picture. */
  readonly width: number
  readonly height: number
  /** Where the plot is in the picture. */
  readonly left: number
  readonly top: number
  readonly plotWidth: number
  readonly plotHeight: number
  /** From the back to the front. */
  readonly layers: ReadonlyArray<Layer>
}

/** Coordinates that are pixels already. */
const pixel = (field: string) =>
  ({ field, type: "quantitative", scale: null, axis: null }) as const

/** Colours that are colours already. */
export const asIs = (field: string) =>
  ({ field, type: "nominal", scale: null, legend: null }) as const

const rounded = (value: number): number => Math.round(value * 100) / 100

/** Pixels to a hundredth: more is noise in the file. */
const tidy = <A extends object>(rows: ReadonlyArray<A>): Array<A> =>
  rows.map((row) => {
    const made: A = { ...row }
    for (const key in made) {
      const value = made[key]
      if (typeof value === "number") Object.assign(made, { [key]: rounded(value) })
    }
    return made
  })

export interface TextInk {
  readonly x: number
  /** Of the base line. */
  readonly y: number
  readonly text: string
  readonly color: string
  readonly size?: number
  readonly weight?: FontWeight
  readonly align?: "left" | "center" | "right"
}

/** Font size in pixels of everything that is no heading. */
export const textSize = 12

/** Lines of text; `halo` is a colour around them that keeps them readable over marks. */
export const texts = (rows: ReadonlyArray<TextInk>, halo?: string): Layer => ({
  data: {
    values: tidy(
      rows.map((row) => ({
        ...row,
        size: row.size ?? textSize,
        weight: row.weight ?? 400,
        align: row.align ?? "left"
      }))
    )
  },
  layer: [...(halo === undefined ? [] : [halo]), undefined].map((outline) => ({
    mark: {
      type: "text",
      baseline: "alphabetic",
      fontSize: { expr: "datum.size" },
      fontWeight: { expr: "datum.weight" },
      align: { expr: "datum.align" },
      limit: 0,
      ...(outline === undefined
        ? {}
        : { stroke: outline, strokeWidth: 3, strokeJoin: "round" })
    },
    encoding: {
      x: pixel("x"),
      y: pixel("y"),
      text: { field: "text", type: "nominal" },
      color: asIs("color"),
      ...(outline === undefined ? {} : { stroke: { value: outline } })
    }
  }))
})

export interface RectInk {
  readonly x: number
  readonly y: number
  readonly x2: number
  readonly y2: number
  /** A colour, or `url(#…)` of a hatch. */
  readonly fill: string
  readonly stroke?: string
  readonly opacity?: number
}

/** Rectangles. */
export const rects = (rows: ReadonlyArray<RectInk>, radius = 0): Layer => ({
  data: {
    values: tidy(
      rows.map((row) => ({
        ...row,
        stroke: row.stroke ?? "none",
        opacity: row.opacity ?? 1
      }))
    )
  },
  mark: { type: "rect", cornerRadius: radius },
  encoding: {
    x: pixel("x"),
    x2: { field: "x2" },
    y: pixel("y"),
    y2: { field: "y2" },
    fill: asIs("fill"),
    stroke: asIs("stroke"),
    opacity: { field: "opacity", type: "quantitative", scale: null, legend: null }
  }
})

export interface RuleInk {
  readonly x: number
  readonly y: number
  readonly x2: number
  readonly y2: number
  readonly color: string
  readonly width?: number
  readonly dash?: ReadonlyArray<number>
}

/** Straight lines. */
export const rules = (rows: ReadonlyArray<RuleInk>): Layer => ({
  data: {
    values: tidy(
      rows.map((row) => ({ ...row, width: row.width ?? 1, dash: row.dash ?? [] }))
    )
  },
  mark: { type: "rule", strokeWidth: { expr: "datum.width" } },
  encoding: {
    x: pixel("x"),
    x2: { field: "x2" },
    y: pixel("y"),
    y2: { field: "y2" },
    color: asIs("color"),
    strokeDash: asIs("dash")
  }
})

export interface ShapeInk {
  readonly x: number
  readonly y: number
  readonly fill: string
  readonly stroke?: string
  readonly strokeWidth?: number
  readonly opacity?: number
}

/**
 * Shapes at places: a name of Vega (`circle`, `diamond`) with an area in square pixels, or
 * an SVG path in pixels, whose area is 4.
 */
export const shapes = (
  rows: ReadonlyArray<ShapeInk & { readonly shape: string; readonly area?: number }>
): Layer => ({
  data: {
    values: tidy(
      rows.map((row) => ({
        ...row,
        stroke: row.stroke ?? "none",
        strokeWidth: row.strokeWidth ?? 1,
        opacity: row.opacity ?? 1,
        area: row.area ?? 4
      }))
    )
  },
  mark: {
    type: "point",
    filled: false,
    strokeWidth: { expr: "datum.strokeWidth" }
  },
  encoding: {
    x: pixel("x"),
    y: pixel("y"),
    shape: asIs("shape"),
    size: { field: "area", type: "quantitative", scale: null, legend: null },
    fill: asIs("fill"),
    stroke: asIs("stroke"),
    opacity: { field: "opacity", type: "quantitative", scale: null, legend: null }
  }
})
