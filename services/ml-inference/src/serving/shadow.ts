import type { Tensor } from "@analytics/inference-protocol/Tensor"
import { difference } from "./difference.ts"
import type { ServedVersion } from "./ServedVersion.ts"

/** Requests that wait for the shadows of this process, at most; others are left out. */
const most = 64

/** Bytes of their tensors, and of the answers that theirs are held against, at most. */
const mostBytes = 64 * 1024 * 1024

/** Differences in a number up to this one are none. */
const tolerance = 1e-4

/**
 * Asks shadows what others have answered already, and counts how their answers differ. As
 * it begins after the answer and is bounded, no request waits for it.
 */
export class Shadows {
  #waiting = 0
  #bytes = 0

  ask(
    shadow: ServedVersion,
    inputs: ReadonlyArray<Tensor>,
    outputs: ReadonlyArray<string> | undefined,
    answered: ReadonlyArray<Tensor>
  ): void {
    const bytes = bytesOf(inputs) + bytesOf(answered)
    if (this.#waiting >= most || this.#bytes + bytes > mostBytes) {
      shadow.metrics.shadowed("dropped")
      return
    }
    this.#waiting++
    this.#bytes += bytes
    const end = () => {
      this.#waiting--
      this.#bytes -= bytes
    }
    // The answer goes out first.
    setImmediate(() => {
      const request = shadow.check(inputs, outputs)
      if (request._tag === "InputInvalid") {
        end()
        shadow.metrics.shadowed("failed")
        return
      }
      shadow.infer(request, (given) => {
        end()
        if (given._tag !== "Answered") shadow.metrics.shadowed("failed")
        else
          shadow.metrics.shadowed(
            difference(given.outputs, answered, tolerance) === undefined
              ? "same"
              : "different"
          )
      })
    })
  }
}

const bytesOf = (tensors: ReadonlyArray<Tensor>): number =>
  tensors.reduce((all, { bytes }) => all + bytes.byteLength, 0)
