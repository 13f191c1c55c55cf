import { Result } from "effect"
import type { TreeOptions } from "./TreeOptions.ts"
import { UnusableDataset } from "./UnusableDataset.ts"

const defaults = {
  trees: 800,
  learningRate: 0.08,
  leaves: 12,
  depth: 8,
  bins: 254,
  l2: 5,
  minChildWeight: 5,
  minGain: 0,
  rowShare: 0.6,
  columnShare: 0.8,
  seed: 1,
  patience: 30
}

export type TreeSettings = typeof defaults

/** With nothing to say when it is enough, fewer trees do less harm. */
const unjudged = { ...defaults, trees: 200 }

const ranges: Readonly<Record<keyof TreeSettings, readonly [number, number]>> = {
  trees: [1, 10_000],
  learningRate: [1e-6, 1],
  leaves: [2, 4096],
  depth: [1, 64],
  bins: [2, 254],
  l2: [0, 1e12],
  minChildWeight: [0, 1e12],
  minGain: [0, 1e12],
  rowShare: [1e-6, 1],
  columnShare: [1e-6, 1],
  seed: [-(2 ** 31), 2 ** 32],
  patience: [1, 10_000]
}

const whole = ["trees", "leaves", "depth", "bins", "seed", "patience"]

/** Options with their defaults, or the first that is out of its range. */
export const treeSettings = (
  options: TreeOptions
): Result.Result<TreeSettings, UnusableDataset> => {
  const own = options.validation === undefined ? unjudged : defaults
  const settings: TreeSettings = { ...own }
  for (const name of namesOf(ranges)) {
    const value = options[name] ?? own[name]
    const [low, high] = ranges[name]
    const isWhole = !whole.includes(name) || Number.isInteger(value)
    if (!(value >= low && value <= high && isWhole))
      return Result.fail(
        new UnusableDataset({
          reason: "option",
          detail: `${name} is ${value}: ${low} to ${high}${isWhole ? "" : ", whole"}.`
        })
      )
    settings[name] = value
  }
  return Result.succeed(settings)
}

const namesOf = <K extends string>(record: Readonly<Record<K, unknown>>) => {
  const names: Array<K> = []
  for (const name in record) names.push(name)
  return names
}
