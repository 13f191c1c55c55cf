import type { FileCoverage, Share } from "./Lcov.ts"

export interface Verdict {
  readonly lines: number
  readonly functions: number
  /** Source files that no test loaded: Bun leaves them out, so they would count as nothing. */
  readonly notLoaded: ReadonlyArray<string>
  readonly passed: boolean
}

/** The share of lines and of functions that ran, over all source files together. */
export const judge = (
  sources: ReadonlyArray<string>,
  measured: ReadonlyArray<FileCoverage>,
  threshold: number
): Verdict => {
  const known = new Map(measured.map((file) => [file.file, file]))
  const counted = sources.flatMap((file) => known.get(file) ?? [])
  const lines = share(counted.map((file) => file.lines))
  const functions = share(counted.map((file) => file.functions))
  const notLoaded = sources.filter((file) => !known.has(file))
  return {
    lines,
    functions,
    notLoaded,
    passed: lines >= threshold && functions >= threshold && notLoaded.length === 0
  }
}

const share = (parts: ReadonlyArray<Share>): number => {
  const found = parts.reduce((sum, part) => sum + part.found, 0)
  const hit = parts.reduce((sum, part) => sum + part.hit, 0)
  return found === 0 ? 1 : hit / found
}
