/** Where a chart is looked at: on a bright or dark screen, or on paper (also in grey). */
export type ChartTheme = "light" | "dark" | "print"

export interface ChartOptions {
  readonly theme: ChartTheme
  /** CSS pixels, from 240 to 2000. */
  readonly width: number
  /** CSS pixels. Without it a chart is as high as what it shows needs. */
  readonly height?: number
  /** BCP 47; how numbers are written. */
  readonly locale: string
  /** IANA; the time zone that labels are in, which the chart's description names. */
  readonly timezone: string
  /** What the chart is called, for those who cannot see it; it is not drawn. */
  readonly title?: string
  /** Prefix of every id in the SVG; different for each chart of a page. */
  readonly id?: string
}
