import type { Tensor } from "@analytics/inference-protocol/Tensor"
import { difference } from "./difference.ts"
import type { ServedVersion } from "./ServedVersion.ts"

/** Requests that wait for the shadows of this process, at most; others are left out. */
const most = 64

/** Differences in a number up to this one are none. */
const tolerance = 1e-4

/**
 * Asks shadows what others have answered already, and counts how their answers differ. As
 * it begins after the answer and is bounded, no request waits for it.
 */
export class Shadows {
  #waiting = 0

  ask(
    shadow: ServedVersion,
    inputs: ReadonlyArray<Tensor>,
    outputs: ReadonlyArray<string> | undefined,
    answered: ReadonlyArray<Tensor>
  ): void {
    if (this.#waiting >= most) {
      shadow.metrics.shadowed("dropped")
      return
    }
    this.#waiting++
    // The answer goes out first.
    setImmediate(() => {
      const request = shadow.check(inputs, outputs)
      if (request._tag === "InputInvalid") {
        this.#waiting--
        shadow.metrics.shadowed("failed")
        return
      }
      shadow.infer(request, (end) => {
        this.#waiting--
        if (end._tag !== "Answered") shadow.metrics.shadowed("failed")
        else
          shadow.metrics.shadowed(
            difference(end.outputs, answered, tolerance) === undefined
              ? "same"
              : "different"
          )
      })
    })
  }
}
