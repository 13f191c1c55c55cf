import { isPlaceholder } from "@analytics/data-processing/Placeholders"
import { MAX_ID_BYTES } from "@analytics/data-processing/segment/SegmentEvent"
import type { InferRequest } from "@analytics/inference-protocol/InferRequest"
import { Malformed } from "@analytics/inference-protocol/Malformed"
import type { Tensor } from "@analytics/inference-protocol/Tensor"

/** The output whose number is logged. */
const OUTPUT = "probability"

const wrong = (detail: string) => new Malformed({ detail })

/** Whom the prediction of a request is logged of; undefined: it is not to be logged. */
export const loggedEntity = ({
  outputs,
  parameters
}: InferRequest): string | undefined | Malformed => {
  const log = parameters?.["log"]
  if (typeof log !== "boolean") return wrong("parameters.log must be true or false")
  if (!log) return undefined
  const entity = parameters?.["entity"]
  if (typeof entity !== "string")
    return wrong(
      "parameters.entity is missing: parameters.log needs the user id that the prediction is about"
    )
  if (isPlaceholder(entity) || entity.includes("\0"))
    return wrong(
      "parameters.entity names nobody: parameters.log needs the user id that the prediction is about"
    )
  if (Buffer.byteLength(entity) > MAX_ID_BYTES)
    return wrong(
      `parameters.entity is longer than ${MAX_ID_BYTES} bytes: no user id is`
    )
  if (outputs !== undefined && !outputs.some(({ name }) => name === OUTPUT))
    return wrong(
      `outputs must name "${OUTPUT}", which parameters.log keeps; or leave outputs out`
    )
  return entity
}

/** The one number that is logged of an answer. */
export const loggedProbability = (
  outputs: ReadonlyArray<Tensor>
): number | Malformed => {
  const output = outputs.find(({ name }) => name === OUTPUT)
  if (output === undefined)
    return wrong(
      `parameters.log keeps the output "${OUTPUT}", which this model has not: leave log out, or serve a model with that output`
    )
  const { bytes, datatype } = output
  const size = sizes[datatype]
  if (size === undefined)
    return wrong(
      `parameters.log keeps the output "${OUTPUT}" as FP32 or FP64, and here it is ${datatype}: leave log out`
    )
  if (bytes.length !== size)
    return wrong(
      `parameters.log takes one row, of which "${OUTPUT}" is one number, and here they are ${bytes.length / size}: send a request for each row, or leave log out`
    )
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return datatype === "FP32" ? view.getFloat32(0, true) : view.getFloat64(0, true)
}

/** Bytes of an element. */
const sizes: Partial<Record<Tensor["datatype"], number>> = { FP32: 4, FP64: 8 }
