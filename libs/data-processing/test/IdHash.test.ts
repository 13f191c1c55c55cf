import { describe, expect, it } from "bun:test"
import { IdHash } from "../src/IdHash.ts"
import { SipHash } from "../src/SipHash.ts"

const key = Uint8Array.from({ length: 16 }, (_, i) => i)
const hex = (words: Uint32Array, count: number) =>
  Buffer.from(words.buffer, 0, count * 4).toString("hex")

describe("SipHash", () => {
  const hash = new SipHash(key)
  const message = Uint8Array.from({ length: 64 }, (_, i) => i)

  // From the reference implementation (vectors.h), checked with `openssl mac SIPHASH`.
  it.each([
    [0, "310e0edd47db6f72"],
    [1, "fd67dc93c539f874"],
    [7, "37d1018bf50002ab"],
    [8, "6224939a79f5f593"],
    [15, "e545be4961ca29a1"],
    [63, "724506eb4c328a95"]
  ])("gives the reference's 64 bits for %d bytes", (length, expected) => {
    hash.digest(message, length, 64)
    expect(hex(hash.words, 2)).toBe(expected)
  })

  it.each([
    [0, "a3817f04ba25a8e66df67214c7550293"],
    [1, "da87c1d86b99af44347659119b22fc45"],
    [8, "3b62a9ba6258f5610f83e264f31497b4"],
    [14, "31fcefac66d7de9c7ec7485fe4494902"],
    [15, "5493e99933b0a8117e08ec0f97cfc3d9"]
  ])("gives the reference's 128 bits for %d bytes", (length, expected) => {
    hash.digest(message, length, 128)
    expect(hex(hash.words, 4)).toBe(expected)
  })
})

describe("IdHash", () => {
  const hash = new IdHash(key)

  it("tells projects, ids and installations apart", () => {
    const other = new IdHash(key.map((byte) => byte + 1))
    const hashes = [
      hash.id(1, "u1"),
      hash.id(2, "u1"),
      hash.id(1, "u2"),
      hash.id(1, "U1"),
      hash.id(1, "\0u1"),
      hash.id(1, "ü1"),
      other.id(1, "u1")
    ]
    expect(new Set(hashes).size).toBe(hashes.length)
    expect(hash.id(1, "u1")).toBe(hashes[0] ?? 0n)
  })

  it("hashes the UTF-8 bytes of a text of any length", () => {
    const text = `${"x".repeat(300)}😀é`
    const bytes = new TextEncoder().encode(`\x01\0\0\0${text}`)
    const sip = new SipHash(key)
    sip.digest(bytes, bytes.length, 64)
    const [low = 0, high = 0] = sip.words
    expect(hash.id(1, text)).toBe((BigInt(high) << 32n) | BigInt(low))
  })
})
