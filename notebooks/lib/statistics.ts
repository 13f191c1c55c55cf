/** How sure a share is: 95 % of such intervals hold the true one (Wilson). */
export const interval = (
  hits: number,
  of: number
): { readonly share: number; readonly low: number; readonly high: number } => {
  if (of === 0) return { share: Number.NaN, low: Number.NaN, high: Number.NaN }
  const z = 1.959964
  const share = hits / of
  const middle = (share + (z * z) / (2 * of)) / (1 + (z * z) / of)
  const half =
    (z / (1 + (z * z) / of)) *
    Math.sqrt((share * (1 - share)) / of + (z / (2 * of)) ** 2)
  return { share, low: Math.max(0, middle - half), high: Math.min(1, middle + half) }
}

/** Seconds in words, to two units: `3 d 4 h`. */
export const duration = (seconds: number | null): string => {
  if (seconds === null || Number.isNaN(seconds)) return "–"
  const units: ReadonlyArray<readonly [number, string]> = [
    [86_400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"]
  ]
  const at = units.findIndex(([size]) => seconds >= size)
  if (at < 0) return seconds === 0 ? "0 s" : "< 1 s"
  const [size, name] = units[at] ?? [1, "s"]
  const [nextSize, nextName] = units[at + 1] ?? [1, ""]
  const first = Math.floor(seconds / size)
  const second = Math.floor((seconds - first * size) / nextSize)
  return second > 0 && nextName !== ""
    ? `${first} ${name} ${second} ${nextName}`
    : `${first} ${name}`
}

/** `0.1234` as `12.3 %`. */
export const percent = (share: number | null, digits = 1): string =>
  share === null || Number.isNaN(share) ? "–" : `${(share * 100).toFixed(digits)} %`
