import type { Result } from "effect"
import { attempt, type Malformed, refuse } from "./Malformed.ts"
import { DigitsLost, readElements } from "./readElements.ts"
import { elementsOf, leastBytes, readShape } from "./shape.ts"
import { type Datatype, datatypes, type Tensor } from "./Tensor.ts"

/** A value of `parameters`. */
export type Parameter = string | number | boolean
export type Parameters = Readonly<Record<string, Parameter>>

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const known: ReadonlySet<unknown> = new Set(datatypes)
const isDatatype = (value: unknown): value is Datatype => known.has(value)

const noParameters: Parameters = {}

/**
 * Strings, numbers and booleans by name; none where `value` is left out. Clients that write
 * all the fields they have say `null` for what they leave out.
 */
export const readParameters = (value: unknown, at: string): Parameters => {
  if (value === undefined || value === null) return noParameters
  if (!isObject(value)) return refuse(`${at} must be an object`)
  const parameters: Record<string, Parameter> = {}
  for (const name of Object.keys(value)) {
    const parameter = value[name]
    if (parameter === null) continue
    if (typeof parameter === "bigint") parameters[name] = Number(parameter)
    else if (
      typeof parameter === "string" ||
      typeof parameter === "number" ||
      typeof parameter === "boolean"
    )
      parameters[name] = parameter
    else return refuse(`${at}.${name} must be a string, a number or a boolean`)
  }
  return parameters
}

export const readName = (value: unknown, at: string): string =>
  typeof value === "string" && value !== ""
    ? value
    : refuse(`${at} must be a string that is not empty`)

/** Takes the binary data of one tensor after the other from the end of a body. */
export class BinaryReader {
  private readonly bytes: Uint8Array
  private offset = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  take(size: number, at: string): Uint8Array {
    const left = this.bytes.length - this.offset
    if (size > left)
      return refuse(
        `${at} is ${size}, but only ${left} bytes of binary data are left in the body`
      )
    this.offset += size
    return this.bytes.subarray(this.offset - size, this.offset)
  }

  /** What no tensor asked for was a mistake. */
  end(): void {
    const left = this.bytes.length - this.offset
    if (left > 0)
      refuse(
        `${left} bytes follow that no tensor has asked for with parameters.binary_data_size`
      )
  }
}

/** More tensors than any model takes or gives. */
const MAX_TENSORS = 1000

/** The `inputs` of a request, or the `outputs` of an answer. No name comes twice. */
export const readTensors = (
  value: unknown,
  at: string,
  binary: BinaryReader
): ReadonlyArray<Tensor> => {
  if (!Array.isArray(value) || value.length === 0)
    return refuse(`${at} must be an array of at least one tensor`)
  if (value.length > MAX_TENSORS) return refuse(`${at} has more than any model has`)
  const names = new Set<string>()
  return value.map((tensor, index) => {
    const read = readTensor(tensor, `${at}[${index}]`, binary)
    if (names.has(read.name))
      return refuse(`${at}[${index}].name: "${read.name}" was given already`)
    names.add(read.name)
    return read
  })
}

/** One tensor as JSON has it, such as a golden row; `at` names it in what is refused. */
export const decodeTensor = (
  value: unknown,
  at: string
): Result.Result<Tensor, Malformed> =>
  attempt(() => {
    try {
      return readTensor(value, at, new BinaryReader(new Uint8Array()))
    } catch (error) {
      if (!(error instanceof DigitsLost)) throw error
      return refuse(`${at}.data: integers from 2^53 on cannot be given here`)
    }
  })

const readTensor = (value: unknown, at: string, binary: BinaryReader): Tensor => {
  if (!isObject(value)) return refuse(`${at} must be an object`)
  const name = readName(value["name"], `${at}.name`)
  const datatype = value["datatype"]
  if (!isDatatype(datatype))
    return refuse(`${at}.datatype must be one of ${datatypes.join(", ")}`)
  const shape = readShape(value["shape"], `${at}.shape`)
  const parameters = readParameters(value["parameters"], `${at}.parameters`)
  const size = parameters["binary_data_size"]
  if (size === undefined) {
    if (parameters["shared_memory_region"] !== undefined)
      return refuse(`${at}.parameters: there is no shared memory; send the data`)
    const data = value["data"]
    if (data === undefined)
      return refuse(
        `${at} has neither "data" nor the parameter "binary_data_size"; give one of them`
      )
    return {
      name,
      datatype,
      shape,
      bytes: readElements(datatype, shape, data, `${at}.data`)
    }
  }
  const sizeAt = `${at}.parameters.binary_data_size`
  if (value["data"] !== undefined)
    return refuse(
      `${at} has both "data" and the parameter "binary_data_size"; give one`
    )
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    return refuse(`${sizeAt} must be a non-negative integer`)
  const elements = elementsOf(shape)
  const least = leastBytes(datatype, elements)
  if (datatype === "BYTES" ? size < least : size !== least)
    return refuse(
      `${sizeAt} is ${size}, but ${elements} elements of ${datatype} take ${datatype === "BYTES" ? "at least " : ""}${least} bytes`
    )
  const bytes = binary.take(size, sizeAt)
  if (datatype === "BYTES") checkLengths(bytes, elements, at)
  if (datatype === "BOOL") checkBooleans(bytes, at)
  return { name, datatype, shape, bytes }
}

/** Every element has its length before it, and together they are all there is. */
const checkLengths = (bytes: Uint8Array, elements: number, at: string): void => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let offset = 0
  for (let element = 0; element < elements; element++) {
    const start = offset + 4
    const end = start <= bytes.length ? start + view.getUint32(offset, true) : start
    if (end > bytes.length)
      refuse(`The binary data of ${at} ends within element ${element}`)
    offset = end
  }
  if (offset !== bytes.length)
    refuse(
      `The binary data of ${at} has ${bytes.length - offset} bytes after its last element`
    )
}

const checkBooleans = (bytes: Uint8Array, at: string): void => {
  for (let element = 0; element < bytes.length; element++)
    if ((bytes[element] ?? 0) > 1)
      refuse(`The binary data of ${at}: element ${element} must be 0 or 1`)
}
