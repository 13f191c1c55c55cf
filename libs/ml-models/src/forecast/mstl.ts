import { readFileSync } from "node:fs"
import { initSync, MSTL } from "@bsull/augurs/mstl"

let isReady = false

const start = () => {
  if (isReady) return
  const script = Bun.fileURLToPath(import.meta.resolve("@bsull/augurs/mstl"))
  initSync({ module: readFileSync(script.replace(/\.js$/u, "_bg.wasm")) })
  isReady = true
}

/**
 * Decomposes by loess into seasons and a trend, which exponential smoothing carries on
 * (AutoETS). undefined: the series cannot be decomposed.
 */
export const mstl = (
  values: Float64Array,
  seasonLengths: ReadonlyArray<number>,
  horizon: number
): ReadonlyArray<number> | undefined => {
  start()
  try {
    using model = MSTL.ets([...seasonLengths])
    model.fit(values)
    const { point } = model.predict(horizon)
    return point.every(Number.isFinite) ? point : undefined
  } catch {
    return undefined
  }
}
