/** Where an axis of numbers begins and ends, and what is written along it. */
export interface Ticks {
  readonly low: number
  readonly high: number
  readonly values: ReadonlyArray<number>
}

/** Powers and steps from text: what `log10` and `pow` round differs between machines. */
const powerOf = (value: number): number =>
  Number(`1e${value.toExponential().split("e")[1] ?? "0"}`)

const decimalStep = (rough: number): number => {
  const power = powerOf(rough)
  const mantissa = rough / power
  return (mantissa <= 1 ? 1 : mantissa <= 2 ? 2 : mantissa <= 5 ? 5 : 10) * power
}

const clock = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200,
  86_400
]

const stepOf = (rough: number, kind: string): number => {
  if (kind === "integer") return Math.max(1, decimalStep(rough))
  if (kind !== "duration" || rough <= 0.5) return decimalStep(rough)
  return clock.find((step) => step >= rough) ?? decimalStep(rough / 86_400) * 86_400
}

/** About `count` round numbers around `[low, high]`, both finite and not too large to add. */
export const ticksOf = (
  low: number,
  high: number,
  count: number,
  kind: string
): Ticks => {
  const least = Math.max(1e-280, Math.max(Math.abs(low), Math.abs(high)) * 1e-12)
  const span = high - low < least ? 0 : high - low
  const top = span === 0 ? (low === 0 ? 1 : low + Math.max(Math.abs(low), least)) : high
  const step = stepOf((top - low) / count, kind)
  const first = Math.floor(low / step)
  const last = Math.max(first + 1, Math.ceil(top / step))
  const values = Array.from({ length: Math.min(40, last - first + 1) }, (_, at) =>
    Number(((first + at) * step).toPrecision(12))
  )
  return { low: values[0] ?? 0, high: values.at(-1) ?? 1, values }
}
