import { decodeRequest } from "@analytics/inference-protocol/InferRequest"
import { Malformed } from "@analytics/inference-protocol/Malformed"
import type { Tensor, TensorSpec } from "@analytics/inference-protocol/Tensor"
import { fromTypedArray, fromValues } from "@analytics/inference-protocol/TensorValues"
import { Result } from "effect"

type Value = number | string | boolean | null
type Tensors = Result.Result<ReadonlyArray<Tensor>, Malformed>

/** Inputs of a model as somebody writes them down. */
export interface GivenRows {
  readonly tensors: ReadonlyArray<Tensor>
  readonly rows: number
}

/**
 * Tensors of what was given: an object with `inputs` as the protocol has it, or rows: one
 * object, an array of rows, or a row a line. A row is an array of numbers, or an object by
 * the names of the model's features, or else of its inputs. What is missing is NaN.
 */
export const rowTensors = (
  text: string,
  inputs: ReadonlyArray<TensorSpec>,
  features: ReadonlyArray<string>
): Result.Result<GivenRows, Malformed> => {
  const given = parsed(text)
  if (given === undefined) return malformed("the rows are not valid JSON")
  if (isRecord(given) && "inputs" in given) {
    const bytes = new TextEncoder().encode(text)
    return Result.map(decodeRequest(bytes, undefined), ({ inputs: tensors }) => ({
      tensors,
      rows: tensors[0]?.shape[0] ?? 1
    }))
  }
  const rows = Array.isArray(given) ? given : [given]
  if (rows.length === 0) return malformed("there are no rows")
  const [only, ...others] = inputs
  const tensors: Tensors = rows.every(isRecord)
    ? only !== undefined && others.length === 0 && features.length > 0
      ? ofFeatures(rows, only, features)
      : ofInputs(rows, inputs)
    : only !== undefined && others.length === 0
      ? Result.map(ofValues(rows, only), (tensor) => [tensor])
      : malformed(`the model has ${inputs.length} inputs: give objects by their names`)
  return Result.map(tensors, (made) => ({ tensors: made, rows: rows.length }))
}

const ofFeatures = (
  rows: ReadonlyArray<Readonly<Record<string, unknown>>>,
  input: TensorSpec,
  features: ReadonlyArray<string>
): Tensors => {
  const known = new Set(features)
  const unknown = rows.flatMap(Object.keys).find((name) => !known.has(name))
  if (unknown !== undefined)
    return malformed(`"${unknown}" is no feature of it: ${listed(features)}`)
  const values = rows.map((row) => features.map((name) => row[name] ?? null))
  return Result.map(ofValues(values, input), (tensor) => [tensor])
}

const ofInputs = (
  rows: ReadonlyArray<Readonly<Record<string, unknown>>>,
  inputs: ReadonlyArray<TensorSpec>
): Tensors =>
  Result.all(
    inputs.map((input) => {
      const column = rows.map((row) => row[input.name] ?? null)
      const isFlat = input.shape.length > 1 && column.every((it) => !Array.isArray(it))
      return ofValues(isFlat ? column.map((it) => [it]) : column, input)
    })
  )

/** Rows that are one value each, or arrays of one length. */
const ofValues = (
  rows: ReadonlyArray<unknown>,
  { datatype, name }: TensorSpec
): Result.Result<Tensor, Malformed> => {
  const values: Array<Value> = []
  const [first] = rows
  const width = Array.isArray(first) ? first.length : undefined
  for (const [index, row] of rows.entries()) {
    const elements = Array.isArray(row) ? row : [row]
    if (elements.length !== (width ?? 1) || Array.isArray(row) !== Array.isArray(first))
      return malformed(`row ${index + 1} is not as long as the first`)
    for (const element of elements) {
      if (!isValue(element))
        return malformed(`row ${index + 1} holds something that is no value`)
      values.push(element)
    }
  }
  const shape = width === undefined ? [rows.length] : [rows.length, width]
  if (datatype === "BF16") return malformed(`${name} is of BF16: send it as bytes`)
  if (datatype !== "FP16" && datatype !== "FP32" && datatype !== "FP64")
    return fromValues(name, datatype, shape, values)
  const numbers = values.map((value) => (value === null ? Number.NaN : value))
  const wrong = numbers.find((value) => typeof value !== "number")
  if (wrong !== undefined)
    return malformed(`${JSON.stringify(wrong)} is no number, as ${name} takes`)
  const floats = numbers.map(Number)
  const array =
    datatype === "FP16"
      ? Float16Array.from(floats)
      : datatype === "FP32"
        ? Float32Array.from(floats)
        : Float64Array.from(floats)
  return Result.succeed(fromTypedArray(name, shape, array))
}

const LISTED = 10

const listed = (names: ReadonlyArray<string>) =>
  names.slice(0, LISTED).join("; ") +
  (names.length > LISTED ? `; and ${names.length - LISTED} others` : "")

/** One JSON value, or one a line. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    try {
      return text.split("\n").flatMap((line) => (line.trim() ? [JSON.parse(line)] : []))
    } catch {
      return undefined
    }
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isValue = (value: unknown): value is Value =>
  value === null || ["number", "string", "boolean"].includes(typeof value)

const malformed = (detail: string): Result.Result<never, Malformed> =>
  Result.fail(new Malformed({ detail }))
