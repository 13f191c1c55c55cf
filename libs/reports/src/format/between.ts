/** Where a number is between two others, from 0 to 1; 0.5 where these are one. */
export const between = (value: number, low: number, high: number): number => {
  const span = high - low
  if (span === 0) return 0.5
  // The largest number and the least are further apart than any number says.
  return Number.isFinite(span)
    ? (value - low) / span
    : (value / 2 - low / 2) / (high / 2 - low / 2)
}
