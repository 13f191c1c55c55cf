import { deflateSync, gzipSync } from "node:zlib"

export interface BadRequest {
  readonly path: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Numbers in [0, 1), the same ones for the same seed (mulberry32). */
const drawFrom = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

type Json = null | boolean | number | string | Array<Json> | { [name: string]: Json }

const hostile: ReadonlyArray<Json> = [
  null,
  true,
  -1,
  0,
  1.5,
  2 ** 31,
  2 ** 53,
  1e300,
  "",
  "x",
  "FP32",
  "BYTES",
  "__proto__",
  "\u0000",
  [],
  {},
  [[[]]],
  [-1],
  [2 ** 40, 2 ** 40],
  [0, 9_007_199_254_740_991],
  { binary_data_size: 8 },
  { binary_data_size: -1 },
  { binary_data_size: 2 ** 52 },
  { binary_data: true }
]

/** Texts that are put where they break JSON, or say something else than it did. */
const hostileTexts: ReadonlyArray<string> = [
  "NaN",
  "-Infinity",
  "1e999",
  "18446744073709551616",
  "9".repeat(400),
  "[".repeat(5000),
  '{"a":'.repeat(5000),
  '"\\ud800"',
  "\u0000",
  "}}",
  ",,",
  "\\"
]

/** Requests that were right for the model of every datatype, and are no longer. */
export const makeBadRequests = (seed: number) => {
  const draw = drawFrom(seed)
  const below = (count: number): number => Math.floor(draw() * count)
  const oneOf = <A>(all: ReadonlyArray<A>): A => {
    const one = all[below(all.length)]
    if (one === undefined) throw new Error("nothing to choose from")
    return one
  }

  const right = (): Json => ({
    id: "1",
    parameters: { entity: "e" },
    inputs: [
      { name: "FP32", datatype: "FP32", shape: [2, 2], data: [1, 2, 3, 4] },
      { name: "INT64", datatype: "INT64", shape: [1, 2], data: [[1, 2]] },
      { name: "BYTES", datatype: "BYTES", shape: [1, 2], data: ["a", "b"] }
    ],
    outputs: [{ name: "out_FP32" }]
  })

  /** Every place of a value: what holds it, and under which name. */
  const places = (value: Json): Array<readonly [object, string]> =>
    typeof value !== "object" || value === null
      ? []
      : Object.entries(value).flatMap(([name, member]) => [
          [value, name] as const,
          ...places(member)
        ])

  const changed = (value: Json): Json => {
    for (let changes = 1 + below(3); changes > 0; changes--) {
      const [holder, name] = oneOf(places(value))
      const kind = below(3)
      if (kind === 0) Reflect.deleteProperty(holder, name)
      else if (kind === 1) Reflect.set(holder, name, structuredClone(oneOf(hostile)))
      else Reflect.set(holder, `${name}${oneOf(["x", "", "_"])}`, oneOf(hostile))
    }
    return value
  }

  const textOf = (): string => {
    const text = JSON.stringify(below(3) === 0 ? right() : changed(right()))
    if (below(3) > 0) return text
    const at = below(text.length)
    return below(2) === 0
      ? text.slice(0, at)
      : text.slice(0, at) + oneOf(hostileTexts) + text.slice(at + below(3))
  }

  const bytesOf = (): Uint8Array => {
    const bytes = Buffer.from(textOf())
    if (below(10) > 0) return bytes
    for (let flips = 1 + below(8); flips > 0; flips--)
      bytes[below(bytes.length)] = below(256)
    return bytes
  }

  const withBinary = () => {
    const size = oneOf([16, 16, 16, 15, 17, 0, -16, 2 ** 40])
    const json = JSON.stringify({
      inputs: [
        {
          name: oneOf(["FP32", "BYTES", "BOOL", "nobody"]),
          datatype: oneOf(["FP32", "BYTES", "BOOL", "FP16"]),
          shape: oneOf([[2, 2], [4], [2, 8], [-2, 2], [2 ** 33, 2 ** 33]]),
          parameters: { binary_data_size: size }
        }
      ]
    })
    const data = Uint8Array.from({ length: oneOf([0, 15, 16, 17, 40]) }, () =>
      below(256)
    )
    const header = oneOf([
      String(json.length),
      String(json.length),
      String(json.length - 1),
      String(json.length + 1),
      "0",
      "-1",
      "1e3",
      "99999999999"
    ])
    return {
      body: Buffer.concat([Buffer.from(json), data]),
      headers: { "inference-header-content-length": header }
    }
  }

  const packed = (body: Uint8Array) => {
    const encoding = oneOf(["gzip", "deflate", "br", "gzip"])
    const bytes = encoding === "deflate" ? deflateSync(body) : gzipSync(body)
    const cut = below(2) === 0 ? bytes : bytes.subarray(0, below(bytes.length))
    return { body: cut, headers: { "content-encoding": encoding } }
  }

  const large = () =>
    below(2) === 0
      ? { body: Buffer.alloc(300_000, " "), headers: {} }
      : {
          body: gzipSync(Buffer.alloc(3_000_000, " ")),
          headers: { "content-encoding": "gzip" }
        }

  const path = (): string =>
    below(20) > 0
      ? "/v2/models/all/infer"
      : oneOf([
          "/v2/models/nobody/infer",
          "/v2/models/all/versions/9/infer",
          "/v2/models/all/versions/x/infer/",
          "/v2/models/%00/infer",
          "/v2/models/%ff/infer",
          `/v2/models/${"a".repeat(2000)}/infer`,
          "/v2/models//infer",
          "/v2/models/all/explain",
          "/v2/repository/models/all/load",
          "/v2/repository/index"
        ])

  const message = () => {
    const kind = below(100)
    if (kind < 20) return withBinary()
    if (kind < 30) return packed(bytesOf())
    if (kind < 31) return large()
    return { body: bytesOf(), headers: {} }
  }

  return (): BadRequest => ({
    path: path(),
    method: below(50) === 0 ? "PUT" : "POST",
    ...message()
  })
}
