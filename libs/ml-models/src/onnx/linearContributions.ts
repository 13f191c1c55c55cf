import { FARTHEST, type LinearModel } from "../train/LinearModel.ts"
import { elementTypes } from "./ElementType.ts"
import type { ContributionsGraph } from "./modelToOnnx.ts"
import type { OnnxTensor } from "./OnnxModel.ts"

/**
 * Fills, centres and weighs every value. In doubles, because a mean that is large beside
 * its scale loses its digits as a 32-bit float.
 */
export const linearContributions = (model: LinearModel): ContributionsGraph => {
  const { intercept, slope } = model.calibration
  const perFeature = (name: string, values: ReadonlyArray<number>): OnnxTensor => ({
    name,
    type: "double",
    dims: [model.features.length],
    data: new Uint8Array(Float64Array.from(values).buffer)
  })
  const scalar = (name: string, value: number): OnnxTensor => ({
    name,
    type: "double",
    dims: [],
    data: new Uint8Array(Float64Array.of(value).buffer)
  })
  const cast = (to: "float" | "double") => ({ to: { int: elementTypes[to] } })
  return {
    nodes: [
      {
        op: "Cast",
        inputs: ["features"],
        outputs: ["given"],
        attributes: cast("double")
      },
      { op: "IsNaN", inputs: ["given"], outputs: ["missing"] },
      { op: "Where", inputs: ["missing", "fills", "given"], outputs: ["filled"] },
      { op: "Sub", inputs: ["filled", "means"], outputs: ["centred"] },
      { op: "Div", inputs: ["centred", "scales"], outputs: ["scaled"] },
      { op: "Clip", inputs: ["scaled", "lowest", "highest"], outputs: ["near"] },
      { op: "Mul", inputs: ["near", "weights"], outputs: ["weighed"] },
      {
        op: "Cast",
        inputs: ["weighed"],
        outputs: ["added"],
        attributes: cast("float")
      }
    ],
    initializers: [
      perFeature("fills", model.fills),
      perFeature("means", model.means),
      perFeature("scales", model.scales),
      perFeature(
        "weights",
        model.weights.map((weight) => slope * weight)
      ),
      scalar("lowest", -FARTHEST),
      scalar("highest", FARTHEST)
    ],
    base: slope * model.intercept + intercept
  }
}
