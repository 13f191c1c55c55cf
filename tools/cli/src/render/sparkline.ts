const bars = [..."▁▂▃▄▅▆▇█"]

/** One character a number, as high as its share of the largest; a gap where there is none. */
export const sparkline = (data: ReadonlyArray<number | null>): string => {
  const numbers = data.filter((value) => value !== null)
  const low = Math.min(0, ...numbers)
  const range = Math.max(0, ...numbers) - low
  return data
    .map((value) => {
      if (value === null) return " "
      if (range === 0) return bars[0]
      return bars[Math.round(((value - low) / range) * (bars.length - 1))]
    })
    .join("")
}
