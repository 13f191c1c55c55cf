import { headerBytes, largestFrame, lengthOf } from "./frames.ts"

/** Puts together the frames of an executor, which sends one only when it was asked. */
export class FrameReader {
  #head: Uint8Array = new Uint8Array(0)
  #frame: Uint8Array | undefined
  #length = 0

  /**
   * The frame that `chunk` completes, lying in the chunk itself when all of it is there;
   * `undefined` while more is to come.
   */
  take(chunk: Uint8Array): Uint8Array | "malformed" | undefined {
    if (this.#frame !== undefined) return this.#add(chunk)
    const bytes =
      this.#head.byteLength === 0 ? chunk : Buffer.concat([this.#head, chunk])
    if (bytes.byteLength < headerBytes) {
      this.#head = bytes
      return undefined
    }
    this.#head = new Uint8Array(0)
    const length = lengthOf(bytes)
    if (length === bytes.byteLength) return bytes
    if (length < bytes.byteLength || length > largestFrame) return "malformed"
    this.#frame = Buffer.allocUnsafeSlow(length)
    this.#length = 0
    return this.#add(bytes)
  }

  #add(chunk: Uint8Array): Uint8Array | "malformed" | undefined {
    const frame = this.#frame
    if (frame === undefined || this.#length + chunk.byteLength > frame.byteLength)
      return "malformed"
    frame.set(chunk, this.#length)
    this.#length += chunk.byteLength
    if (this.#length < frame.byteLength) return undefined
    this.#frame = undefined
    return frame
  }
}
