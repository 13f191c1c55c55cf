import { describe, expect, it } from "bun:test"
import { bytesOf, captureNames, capturesOf } from "./Captured.ts"
import { readCapture } from "./readCapture.ts"

/** `CAPTURES_WRITE=1` writes what is expected anew, to be read by a person. */
const write = process.env["CAPTURES_WRITE"] === "1"

describe("what official clients sent", () => {
  it.each([...captureNames])("%s: the bytes are those of the wire", async (name) => {
    // Packed bytes depend on the version of zlib.
    for (const captured of await capturesOf(name))
      if (!captured.gzip_magic)
        expect(bytesOf(captured).length).toBe(captured.wire_bytes)
  })

  it.each([...captureNames])("%s: the events are the expected ones", async (name) => {
    const file = Bun.file(`${import.meta.dir}/expected/${name}.json`)
    const read = (await capturesOf(name)).map(readCapture)
    const plain: unknown = JSON.parse(JSON.stringify(read))
    if (write) await file.write(`${JSON.stringify(plain, undefined, 2)}\n`)
    expect(plain).toEqual(await file.json())
  })
})
