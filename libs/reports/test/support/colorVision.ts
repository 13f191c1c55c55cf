/** Linear light of red, green and blue, from 0 to 1. */
type Light = readonly [number, number, number]

const linear = (value: number): number =>
  value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4

const lightOf = (color: string): Light => {
  const part = (at: number) =>
    linear(Number.parseInt(color.slice(at, at + 2), 16) / 255)
  return [part(1), part(3), part(5)]
}

/**
 * What is seen without one kind of cones: Machado, Oliveira and Fernandes (2009), of full
 * severity.
 */
const sight = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1]
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998]
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881]
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039]
  ]
} as const

export type Sight = keyof typeof sight
export const sights = Object.keys(sight) as ReadonlyArray<Sight>

const times = (row: Light, [a, b, c]: Light): number =>
  row[0] * a + row[1] * b + row[2] * c

const oklab = (light: Light): Light => {
  const l = Math.cbrt(times([0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9], light))
  const m = Math.cbrt(times([0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6], light))
  const s = Math.cbrt(times([0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5], light))
  return [
    times([0.210_454_255_3, 0.793_617_785, -0.004_072_046_8], [l, m, s]),
    times([1.977_998_495_1, -2.428_592_205, 0.450_593_709_9], [l, m, s]),
    times([0.025_904_037_1, 0.782_771_766_2, -0.808_675_766], [l, m, s])
  ]
}

const seen = (color: string, by: Sight): Light => {
  const light = lightOf(color)
  const clipped = (row: Light) => Math.min(1, Math.max(0, times(row, light)))
  const [red, green, blue] = sight[by]
  return oklab([clipped(red), clipped(green), clipped(blue)])
}

/** ΔE of OKLab, in hundredths: 2 is hardly seen, 8 at a glance. */
export const difference = (a: string, b: string, by: Sight): number => {
  const [left, right] = [seen(a, by), seen(b, by)]
  return 100 * Math.hypot(...left.map((value, at) => value - (right[at] ?? 0)))
}
