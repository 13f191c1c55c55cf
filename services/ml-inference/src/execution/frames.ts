import {
  type Datatype,
  datatypes,
  type Tensor
} from "@analytics/inference-protocol/Tensor"

/**
 * What the service and an executor say to each other: frames, little-endian, each part on
 * a multiple of 8 bytes from the frame's beginning, so that every element type can be read
 * in place.
 *
 * ```text
 * u32 bytes of the frame   u32 kind   f64 nanoseconds of the run   u32 tensors   u32 names
 * per tensor: u32 bytes   u32 offset   u32 of the datatype   u32 rank   u32 bytes of the name   u32 0
 *             f64 per dimension   the name
 * per name:   u32 bytes   u32 0   the name
 * the elements of each tensor
 * ```
 *
 * A frame of text has the text right after the header.
 */
export const kinds = {
  /** From the service: run these tensors, give the outputs named (all, when none is). */
  run: 0,
  /** From the executor: the model is loaded; the text is its signature in JSON. */
  loaded: 1,
  /** It is no model that can be served; the text says why. Then the executor ends. */
  modelRefused: 2,
  outputs: 3,
  /** The run failed, the executor lives; the text says why. */
  runRefused: 4
} as const

export const headerBytes = 24
const tensorBytes = 24
const nameBytes = 8

/** Bytes of the largest frame either side takes; a model may make more than it was given. */
export const largestFrame = 256 * 1024 * 1024

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const aligned = (bytes: number): number => (bytes + 7) & ~7

const names = new Map<string, Uint8Array>()

/** Names come from signatures and from callers; only so many are kept encoded. */
const encoded = (name: string): Uint8Array => {
  const kept = names.get(name)
  if (kept !== undefined) return kept
  const bytes = encoder.encode(name)
  if (names.size >= 1000) names.clear()
  names.set(name, bytes)
  return bytes
}

const codeOf = new Map<Datatype, number>(datatypes.map((it, code) => [it, code]))

/**
 * Tensors of which each is joined from parts, along the first dimension; `shape` of a
 * tensor is that of the whole.
 */
export interface Joined extends Omit<Tensor, "bytes"> {
  readonly parts: ReadonlyArray<Uint8Array>
}

/** A frame that asks for a run; bytes of tensors are copied once, into it. */
export const encodeRun = (
  inputs: ReadonlyArray<Joined>,
  wanted: ReadonlyArray<string>
): Uint8Array => {
  const lengths = inputs.map(({ parts }) => sum(parts))
  const { frame, offsets } = encodeHead(kinds.run, 0, inputs, lengths, wanted)
  inputs.forEach(({ parts }, n) => {
    let at = offsets[n] ?? 0
    for (const part of parts) {
      frame.set(part, at)
      at += part.byteLength
    }
  })
  return frame
}

/** Bytes of all elements. */
export const bytesOf = (tensors: ReadonlyArray<Joined>): number => {
  let total = 0
  for (const { parts } of tensors) total += sum(parts)
  return total
}

const sum = (parts: ReadonlyArray<Uint8Array>): number => {
  let total = 0
  for (const { byteLength } of parts) total += byteLength
  return total
}

/** A frame with everything but the elements, which belong at `offsets`. */
const encodeHead = (
  kind: number,
  nanoseconds: number,
  tensors: ReadonlyArray<Omit<Tensor, "bytes">>,
  lengths: ReadonlyArray<number>,
  wanted: ReadonlyArray<string>
): { readonly frame: Uint8Array; readonly offsets: ReadonlyArray<number> } => {
  let at = headerBytes
  for (const { name, shape } of tensors)
    at += tensorBytes + 8 * shape.length + aligned(encoded(name).byteLength)
  for (const name of wanted) at += nameBytes + aligned(encoded(name).byteLength)
  const offsets: Array<number> = []
  for (const length of lengths) {
    offsets.push(at)
    at += aligned(length)
  }
  const frame = Buffer.allocUnsafeSlow(at)
  const view = new DataView(frame.buffer)
  view.setUint32(0, at, true)
  view.setUint32(4, kind, true)
  view.setFloat64(8, nanoseconds, true)
  view.setUint32(16, tensors.length, true)
  view.setUint32(20, wanted.length, true)
  let next = headerBytes
  tensors.forEach(({ datatype, name, shape }, n) => {
    const text = encoded(name)
    view.setUint32(next, lengths[n] ?? 0, true)
    view.setUint32(next + 4, offsets[n] ?? 0, true)
    view.setUint32(next + 8, codeOf.get(datatype) ?? 0, true)
    view.setUint32(next + 12, shape.length, true)
    view.setUint32(next + 16, text.byteLength, true)
    view.setUint32(next + 20, 0, true)
    next += tensorBytes
    for (const size of shape) {
      view.setFloat64(next, size, true)
      next += 8
    }
    frame.set(text, next)
    next += aligned(text.byteLength)
  })
  for (const name of wanted) {
    const text = encoded(name)
    view.setUint32(next, text.byteLength, true)
    view.setUint32(next + 4, 0, true)
    frame.set(text, next + nameBytes)
    next += nameBytes + aligned(text.byteLength)
  }
  return { frame, offsets }
}

/** A frame with the outputs of a run. */
export const encodeOutputs = (
  outputs: ReadonlyArray<Tensor>,
  nanoseconds: number
): Uint8Array => {
  const lengths = outputs.map(({ bytes }) => bytes.byteLength)
  const { frame, offsets } = encodeHead(
    kinds.outputs,
    nanoseconds,
    outputs,
    lengths,
    []
  )
  outputs.forEach(({ bytes }, n) => {
    frame.set(bytes, offsets[n] ?? 0)
  })
  return frame
}

export const encodeText = (kind: number, text: string): Uint8Array => {
  const bytes = encoder.encode(text)
  const frame = Buffer.alloc(headerBytes + bytes.byteLength)
  frame.writeUInt32LE(frame.byteLength, 0)
  frame.writeUInt32LE(kind, 4)
  frame.set(bytes, headerBytes)
  return frame
}

export const lengthOf = (frame: Uint8Array): number => viewOf(frame).getUint32(0, true)
export const kindOf = (frame: Uint8Array): number => viewOf(frame).getUint32(4, true)
export const nanosecondsOf = (frame: Uint8Array): number =>
  viewOf(frame).getFloat64(8, true)
export const textOf = (frame: Uint8Array): string =>
  decoder.decode(frame.subarray(headerBytes))

const viewOf = ({ buffer, byteLength, byteOffset }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)

/**
 * The tensors of a whole frame, their bytes lying in it. Throws when it is malformed.
 * `names`: those of the tensors, where they are known; reading them takes time.
 */
export const decodeTensors = (
  frame: Uint8Array,
  names?: ReadonlyArray<string>
): { readonly tensors: Array<Tensor>; readonly wanted: Array<string> } => {
  const view = viewOf(frame)
  const tensorCount = view.getUint32(16, true)
  const wantedCount = view.getUint32(20, true)
  let at = headerBytes
  const text = (length: number): string => {
    const read = decoder.decode(frame.subarray(at, at + length))
    at += aligned(length)
    return read
  }
  const tensors: Array<Tensor> = []
  for (let n = 0; n < tensorCount; n++) {
    const length = view.getUint32(at, true)
    const offset = view.getUint32(at + 4, true)
    const datatype = datatypes[view.getUint32(at + 8, true)]
    const rank = view.getUint32(at + 12, true)
    const nameLength = view.getUint32(at + 16, true)
    if (datatype === undefined || offset + length > frame.byteLength)
      throw new Error("a frame of an executor is malformed")
    at += tensorBytes
    const shape: Array<number> = []
    for (let d = 0; d < rank; d++) {
      shape.push(view.getFloat64(at, true))
      at += 8
    }
    const known = names?.[n]
    if (known !== undefined) at += aligned(nameLength)
    const name = known ?? text(nameLength)
    // Not a Buffer's subarray: `slice` of a Buffer does not copy, and readers expect it to.
    const bytes = new Uint8Array(frame.buffer, frame.byteOffset + offset, length)
    tensors.push({ name, datatype, shape, bytes })
  }
  const wanted: Array<string> = []
  for (let n = 0; n < wantedCount; n++) {
    const length = view.getUint32(at, true)
    at += nameBytes
    wanted.push(text(length))
  }
  return { tensors, wanted }
}
