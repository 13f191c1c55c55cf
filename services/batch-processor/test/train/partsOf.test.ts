import { expect, it } from "bun:test"
import { partsOf } from "../../src/types/train/planTrain.ts"

it.each([
  [1000, 1, 1, 1],
  [1000, 0.5, 2, 1],
  [1000, 0.2, 5, 1],
  [1000, 0.01, 96, 1],
  [200_000, 1, 4, 4],
  [200_000, 0.5, 4, 2],
  [200_000, 0.9, 7, 6]
])(
  "of %d people a share of %d is %d parts, %d of them read",
  (people, sample, parts, read) => {
    const found = partsOf(people, sample, 12)
    expect(found.parts).toBe(parts)
    expect(new Set(found.read).size).toBe(read)
    for (const part of found.read) expect(part).toBeLessThan(parts)
  }
)
