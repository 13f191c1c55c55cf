/** A box of a diagram; lengths are in units of the picture, which is 960 wide. */
export interface Box {
  readonly id: string
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
  readonly title: string
  /** Smaller, beneath the title. */
  readonly lines?: ReadonlyArray<string>
  /** `outside`: not a part of the suite; `area`: encloses others. */
  readonly kind: "service" | "store" | "outside" | "area"
}

export type Side = "left" | "right" | "top" | "bottom"

/** Where an arrow begins or ends: the middle of a side, or so far along it (0 to 1). */
export interface End {
  readonly box: string
  readonly side: Side
  readonly at?: number
}

export interface Arrow {
  readonly from: End
  readonly to: End
  readonly label?: string
  /** Where the label stands, if not in the middle. */
  readonly labelAt?: readonly [x: number, y: number]
  /** Corners between both ends. */
  readonly via?: ReadonlyArray<readonly [x: number, y: number]>
  /** Asked for, rather than sent. */
  readonly dashed?: boolean
}

export interface Diagram {
  /** Of its file below docs/images, without `.svg`. */
  readonly name: string
  /** For those who cannot see it. */
  readonly title: string
  readonly description: string
  readonly height: number
  readonly boxes: ReadonlyArray<Box>
  readonly arrows: ReadonlyArray<Arrow>
}
