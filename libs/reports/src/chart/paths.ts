import { asIs, type Layer } from "./drawing.ts"

/** From values to pixels of the plot. */
export interface Scales {
  readonly x: (at: number) => number
  readonly y: (value: number) => number
  /** Pixels between two labels. */
  readonly apart: number
}

const toPixel = (field: string) =>
  ({ field, type: "quantitative", scale: null, axis: null }) as const

const rounded = (value: number): number => Math.round(value * 100) / 100

/** Points in runs without a gap; one alone is no line. */
const runs = <A>(
  points: ReadonlyArray<A>,
  known: (point: A) => boolean
): ReadonlyArray<ReadonlyArray<A>> => {
  const made: Array<Array<A>> = []
  let open: Array<A> | undefined
  for (const point of points) {
    if (!known(point)) {
      open = undefined
      continue
    }
    if (open === undefined) {
      open = []
      made.push(open)
    }
    open.push(point)
  }
  return made.filter(({ length }) => length > 1)
}

export interface Line {
  readonly color: string
  readonly dash: ReadonlyArray<number>
  readonly width: number
  /** Broken where there is no value. */
  readonly points: ReadonlyArray<{ readonly at: number; readonly value: number | null }>
}

/** Lines over time, each broken where there is no value. */
export const lineLayer = (lines: ReadonlyArray<Line>, { x, y }: Scales): Layer => ({
  data: {
    values: lines.flatMap(({ points, ...style }, line) =>
      runs(points, ({ value }) => value !== null).flatMap((run, part) =>
        run.map(({ at, value }) => ({
          ...style,
          dash: [...style.dash],
          key: `${line} ${part}`,
          x: rounded(x(at)),
          y: rounded(y(value ?? 0))
        }))
      )
    )
  },
  mark: { type: "line", strokeCap: "round", strokeJoin: "round" },
  encoding: {
    x: toPixel("x"),
    y: toPixel("y"),
    detail: { field: "key", type: "nominal" },
    color: asIs("color"),
    strokeDash: asIs("dash"),
    strokeWidth: { field: "width", type: "quantitative", scale: null, legend: null }
  }
})

export interface Band {
  readonly fill: string
  readonly opacity: number
  readonly points: ReadonlyArray<{
    readonly at: number
    readonly from: number | null
    readonly to: number | null
  }>
}

/** Areas between two lines, each broken where one of them has no value. */
export const bandLayer = (bands: ReadonlyArray<Band>, { x, y }: Scales): Layer => ({
  data: {
    values: bands.flatMap(({ points, fill, opacity }, band) =>
      runs(points, ({ from, to }) => from !== null && to !== null).flatMap(
        (run, part) =>
          run.map(({ at, from, to }) => ({
            fill,
            opacity,
            key: `${band} ${part}`,
            x: rounded(x(at)),
            y: rounded(y(to ?? 0)),
            y2: rounded(y(from ?? 0))
          }))
      )
    )
  },
  mark: { type: "area", line: false },
  encoding: {
    x: toPixel("x"),
    y: { ...toPixel("y"), stack: null },
    y2: { field: "y2" },
    detail: { field: "key", type: "nominal" },
    fill: asIs("fill"),
    opacity: { field: "opacity", type: "quantitative", scale: null, legend: null }
  }
})
