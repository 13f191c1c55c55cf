import { afterAll, describe, expect, it } from "bun:test"
import { deflateSync } from "node:zlib"
import { headerLengthName } from "@analytics/inference-protocol/message"
import { key, lastTarget, listen, loadings } from "./stubs.ts"

const server = listen()
afterAll(() => server.stop())

const authorization = `Bearer ${key}`

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${server.url}${path}`, {
    ...init,
    headers: { authorization, ...init.headers }
  })

const post = (
  path: string,
  body: Bun.BodyInit = "",
  headers: Record<string, string> = {}
) => ask(path, { method: "POST", body, headers })

const x = { name: "x", datatype: "FP32", shape: [2], data: [0.1, null] }
const n = { name: "n", datatype: "INT64", shape: [1], data: [1] }
const request = (more: object = {}) => JSON.stringify({ inputs: [x, n], ...more })

/** Status, type and text of what failed; the form is checked. */
const failure = async (response: Response) => {
  expect(response.headers.get("content-type")).toBe("application/json")
  const body: unknown = await response.json()
  expect(body).toEqual({ error: expect.any(String) })
  return { status: response.status, ...(body as { readonly error: string }) }
}

describe("endpoints, each with and without a slash at its end", () => {
  const statistics = {
    model_stats: [
      expect.objectContaining({ name: "echo", version: "3", inference_count: 4 })
    ]
  }
  const metadata = expect.objectContaining({
    name: "echo",
    versions: ["1", "3"],
    platform: "onnxruntime_onnx",
    inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }]
  })

  it.each([
    [
      "/v2",
      {
        name: "ml-inference",
        version: "1",
        extensions: ["binary_tensor_data", "model_repository", "statistics"]
      }
    ],
    ["/v2/health/live", { live: true }],
    ["/v2/health/ready", { ready: true }],
    ["/v2/models/echo", metadata],
    ["/v2/models/echo/versions/3", metadata],
    ["/v2/models/echo/ready", { name: "echo", ready: true }],
    ["/v2/models/echo/versions/3/ready", { name: "echo", ready: true }],
    ["/v2/models/stats", statistics],
    ["/v2/models/echo/stats", statistics],
    ["/v2/models/echo/versions/3/stats", statistics]
  ])("GET %s", async (path, answer) => {
    for (const address of [path, `${path}/`]) {
      const response = await ask(address)
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual(answer)
    }
  })

  it.each([["/v2/models/echo/infer"], ["/v2/models/echo/versions/3/infer"]])(
    "POST %s",
    async (path) => {
      for (const address of [path, `${path}/`]) {
        const response = await post(address, request({ id: "a/1" }))
        expect(response.status).toBe(200)
        expect(response.headers.get("content-type")).toBe("application/json")
        expect(await response.json()).toEqual({
          id: "a/1",
          model_name: "echo",
          model_version: "3",
          outputs: [n, x]
        })
      }
    }
  )

  it("POST /v2/repository/index, also of what is ready only", async () => {
    const all = await post("/v2/repository/index")
    expect(await all.json()).toHaveLength(2)
    const ready = await post("/v2/repository/index/", '{"ready": true}')
    expect(await ready.json()).toEqual([
      { name: "echo", version: "3", state: "READY", reason: "" }
    ])
  })

  it("POST /v2/repository/models/{name}/load and unload", async () => {
    for (const [path, body] of [
      ["load", ""],
      ["load/", '{"parameters": {"version": "3", "config": "{}"}}'],
      ["unload", "{}"],
      ["unload/", '{"parameters": {"version": "3", "unload_dependents": true}}']
    ])
      expect((await post(`/v2/repository/models/echo/${path}`, body)).status).toBe(200)
    expect(loadings).toEqual([
      "load echo 3",
      "load echo 3",
      "unload echo all",
      "unload echo 3"
    ])
  })
})

describe("inference", () => {
  it("gives the outputs that are asked for, in that order and form", async () => {
    const outputs = [{ name: "x", parameters: { binary_data: true } }, { name: "n" }]
    const response = await post("/v2/models/echo/infer", request({ outputs }))
    const length = Number(response.headers.get(headerLengthName))
    expect(response.headers.get("content-type")).toBe("application/octet-stream")
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(JSON.parse(bytes.subarray(0, length).toString())).toEqual({
      model_name: "echo",
      model_version: "3",
      outputs: [
        {
          name: "x",
          datatype: "FP32",
          shape: [2],
          parameters: { binary_data_size: 8 }
        },
        n
      ]
    })
    expect(bytes.subarray(length).toString("hex")).toBe("cdcccc3d0000c07f")
  })

  it("gives all outputs as binary data, but those that are wanted otherwise", async () => {
    const response = await post(
      "/v2/models/echo/infer",
      request({
        parameters: { binary_data_output: true },
        outputs: [{ name: "n" }, { name: "x", parameters: { binary_data: false } }]
      })
    )
    const length = Number(response.headers.get(headerLengthName))
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(bytes.subarray(length).toString("hex")).toBe("0100000000000000")
  })

  it("gives all outputs as binary data where none is named", async () => {
    const parameters = { binary_data_output: true }
    const response = await post("/v2/models/echo/infer", request({ parameters }))
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(bytes.subarray(Number(response.headers.get(headerLengthName)))).toHaveLength(
      16
    )
  })

  it("reads binary data behind the JSON", async () => {
    const json = JSON.stringify({
      inputs: [
        { name: "h", datatype: "FP16", shape: [2], parameters: { binary_data_size: 4 } }
      ],
      outputs: [{ name: "h", parameters: { binary_data: true } }]
    })
    const body = Buffer.concat([Buffer.from(json), Uint8Array.of(0, 60, 0, 192)])
    const headers = { [headerLengthName]: String(json.length) }
    const response = await post("/v2/models/echo/infer", body, headers)
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(bytes.subarray(-4).toString("hex")).toBe("003c00c0")
  })

  it("unpacks gzip and deflate", async () => {
    const packed = {
      gzip: Bun.gzipSync(Buffer.from(request())),
      deflate: deflateSync(Buffer.from(request())),
      identity: Buffer.from(request())
    }
    for (const [encoding, body] of Object.entries(packed)) {
      const headers = { "content-encoding": encoding }
      expect((await post("/v2/models/echo/infer", body, headers)).status).toBe(200)
    }
  })

  it("knows the entity, the version and the project of the request", async () => {
    const body = request({ parameters: { entity: "user-7" } })
    await post("/v2/models/echo/versions/3/infer?projectId=9", body)
    expect(lastTarget.value).toEqual({
      projectId: 9,
      model: "echo",
      version: "3",
      entity: "user-7"
    })
    await post("/v2/models/echo/infer", request())
    expect(lastTarget.value).toMatchObject({ version: undefined, entity: undefined })
  })
})

describe("what fails", () => {
  it.each([
    ["echo", 400, "inputs must be an array", "{}"],
    [
      "echo",
      400,
      "parameters.entity must be a string",
      request({ parameters: { entity: 7 } })
    ],
    ["picky", 400, "The model has no input", request()],
    ["refusing", 400, "It failed", request()],
    ["nobody", 404, 'no model "nobody"', request()],
    ["echo/versions/9", 404, 'no version "9"', request()],
    ["busy", 429, "The queue is full", request()],
    ["crashing", 500, "It failed", request()],
    ["broken", 500, "Internal Server Error", request()],
    ["loading", 503, "It is loading", request()],
    ["slow", 504, "It failed", request()]
  ])("POST /v2/models/%s/infer is %d", async (model, status, said, body) => {
    const response = await post(`/v2/models/${model}/infer`, body)
    const told = await failure(response)
    expect(told.status).toBe(status)
    expect(told.error).toContain(said)
    expect(response.headers.has("retry-after")).toBe(status === 429 || status === 503)
  })

  it.each([
    ["GET", "/v2/models/nobody", 404],
    ["GET", "/v2/models/nobody/ready", 404],
    ["GET", "/v2/models/nobody/stats", 404],
    ["GET", "/v2/models/echo/versions/9", 404],
    ["GET", "/v2/models/loading/ready", 503],
    ["GET", "/v2/models", 404],
    ["GET", "/v2/nothing", 404],
    ["GET", "/v2/models/%2e%2e/x", 404],
    ["GET", "/v2/models/echo?projectId=0", 400],
    ["GET", "/v2/models/echo?projectId=x", 400],
    ["GET", "/v2/models/echo/infer", 405],
    ["DELETE", "/v2/models/echo", 405],
    ["POST", "/v2/health/live", 405],
    ["GET", "/v2/repository/index", 405],
    ["POST", "/v2/repository/models/nobody/load", 404]
  ])("%s %s is %d", async (method, path, status) => {
    const response = await ask(path, { method })
    expect((await failure(response)).status).toBe(status)
    expect(response.headers.has("allow")).toBe(status === 405)
  })

  it.each([
    ["/v2/repository/index", '{"ready": "yes"}', "Expected boolean"],
    ["/v2/repository/index", "[", "must be JSON"],
    ["/v2/repository/models/echo/load", '{"parameters": {"version": "x"}}', "version"],
    ["/v2/repository/models/echo/load", '{"parameters": {"version": 3}}', "version"]
  ])("POST %s with %s is 400", async (path, body, said) => {
    const told = await failure(await post(path, body))
    expect(told.status).toBe(400)
    expect(told.error).toContain(said)
  })

  it("asks for a key, and for the right one", async () => {
    const none = await fetch(`${server.url}/v2/models/echo`)
    expect((await failure(none)).status).toBe(401)
    expect(none.headers.get("www-authenticate")).toBe("Bearer")
    const headers = { authorization: "Bearer sk_reads" }
    const load = await post("/v2/repository/models/echo/load", "", headers)
    expect((await failure(load)).status).toBe(403)
    for (const open of ["/v2", "/v2/health/live", "/v2/health/ready"])
      expect((await fetch(`${server.url}${open}`)).status).toBe(200)
  })

  it("reads no more than it may, packed or not, however much is announced", async () => {
    const large = Buffer.alloc(300_000, " ")
    const chunks = new ReadableStream({
      start(controller) {
        for (let chunk = 0; chunk < 30; chunk++)
          controller.enqueue(large.subarray(0, 10_000))
        controller.close()
      }
    })
    const packed = { "content-encoding": "gzip" }
    for (const [body, headers] of [
      [large, {}],
      [chunks, {}],
      [Bun.gzipSync(large), packed]
    ] as const)
      expect(
        (await failure(await post("/v2/models/echo/infer", body, headers))).status
      ).toBe(413)
  })

  it("holds no more bodies at once than there is memory for", async () => {
    const open: Array<ReadableStreamDefaultController<Uint8Array>> = []
    const slow = () =>
      post(
        "/v2/models/echo/infer",
        new ReadableStream<Uint8Array>({
          start(controller) {
            controller.enqueue(Buffer.from(request()))
            open.push(controller)
          }
        })
      )
    const waiting = Array.from({ length: 12 }, slow)
    // Four too many: they are answered while the others are still being read.
    const answered: Array<Response> = []
    for (const it of waiting) void it.then((response) => answered.push(response))
    while (answered.length < 4) await Bun.sleep(5)
    for (const response of answered) {
      expect(response.headers.get("retry-after")).toBe("1")
      expect((await failure(response)).status).toBe(503)
    }
    for (const controller of open)
      try {
        controller.close()
      } catch {
        // The body of a request that was refused was given up.
      }
    const statuses = (await Promise.all(waiting)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(8)
    expect((await post("/v2/models/echo/infer", request())).status).toBe(200)
  })

  it("says what is wrong with packed bodies", async () => {
    const cut = Bun.gzipSync(Buffer.from(request())).subarray(0, -9)
    for (const [encoding, body, status] of [
      ["br", "x", 415],
      ["gzip", "x", 400],
      ["gzip", cut, 400],
      ["deflate", Bun.gzipSync(Buffer.from(request())), 400]
    ] as const) {
      const headers = { "content-encoding": encoding }
      const told = await failure(await post("/v2/models/echo/infer", body, headers))
      expect(told.status).toBe(status)
    }
  })

  it("cannot write in JSON what JSON cannot carry", async () => {
    const json = JSON.stringify({
      inputs: [
        { name: "x", datatype: "FP32", shape: [1], parameters: { binary_data_size: 4 } }
      ]
    })
    const body = Buffer.concat([Buffer.from(json), Uint8Array.of(0, 0, 0x80, 0x7f)])
    const headers = { [headerLengthName]: String(json.length) }
    const told = await failure(await post("/v2/models/echo/infer", body, headers))
    expect(told.status).toBe(400)
    expect(told.error).toContain("ask for it as binary data")
  })

  it("does not repeat all of a long name", async () => {
    const name = "x".repeat(100_000)
    const inputs = [x, x].map((it) => ({ ...it, name }))
    const told = await failure(
      await post("/v2/models/echo/infer", JSON.stringify({ inputs }))
    )
    expect(told.error.length).toBeLessThan(1100)
  })

  it("leaves what is not of the protocol in its own form", async () => {
    const response = await ask("/v1/nothing")
    expect(response.headers.get("content-type")).toBe("application/problem+json")
  })
})
