import { afterAll, beforeEach, expect, it } from "bun:test"
import { key, listen, logged } from "../protocol/stubs.ts"

const server = listen()
afterAll(() => server.stop())
beforeEach(() => {
  logged.length = 0
})

const probability = {
  name: "probability",
  datatype: "FP32",
  shape: [1, 1],
  data: [0.25]
}

/** Asks the model that says what it was told. */
const send = (
  parameters: object,
  tensors: ReadonlyArray<object> = [probability],
  more: object = {},
  path = "/v2/models/echo/infer"
) =>
  fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ parameters, inputs: tensors, ...more })
  })

const ask = async (...asked: Parameters<typeof send>) => {
  const response = await send(...asked)
  return { status: response.status, body: await response.json() }
}

const entity = "user-42"

const said = {
  projectId: 1,
  entity: "user-42",
  model: "echo",
  version: 3,
  probability: 0.25
}

it.each([["/v2/models/echo/infer"], ["/v2/models/echo/versions/3/infer"]])(
  "logs what the version said that answered: %s",
  async (path) => {
    const parameters = { entity: "user-42", log: true }
    expect(await ask(parameters, [probability], {}, path)).toMatchObject({
      status: 200,
      body: { model_version: "3", outputs: [probability] }
    })
    expect(logged).toEqual([said])
  }
)

it("logs numbers of 64 bits, without dimensions, and of answers in binary", async () => {
  const wide = { ...probability, datatype: "FP64", shape: [] }
  const parameters = { entity, log: true, binary_data_output: true }
  const response = await send(parameters, [wide])
  expect(response.headers.get("content-type")).toBe("application/octet-stream")
  expect(logged).toEqual([said])
})

it("logs nothing without being told to", async () => {
  for (const parameters of [{}, { entity: "user-42" }, { log: false }])
    expect((await ask(parameters)).status).toBe(200)
  expect(logged).toEqual([])
})

it("logs nothing that was not answered", async () => {
  const path = "/v2/models/busy/infer"
  const { status } = await ask({ entity: "u", log: true }, [probability], {}, path)
  expect(status).toBe(429)
  expect(logged).toEqual([])
})

const other = { name: "y", datatype: "FP32", shape: [1], data: [1] }

interface Wrong {
  readonly detail: string
  readonly parameters?: object
  readonly tensors?: ReadonlyArray<object>
  readonly more?: object
}

it.each<Wrong>([
  {
    detail: "parameters.log must be true or false",
    parameters: { log: "yes", entity }
  },
  { detail: "parameters.entity is missing", parameters: { log: true } },
  {
    detail: "parameters.entity must be a string",
    parameters: { log: true, entity: 7 }
  },
  ...["", "null", "a\0"].map((id) => ({
    detail: "parameters.entity names nobody",
    parameters: { log: true, entity: id }
  })),
  {
    detail: "parameters.entity is longer than 4096 bytes",
    parameters: { log: true, entity: "é".repeat(2049) }
  },
  {
    detail: 'outputs must name "probability"',
    tensors: [probability, other],
    more: { outputs: [{ name: "y" }] }
  },
  { detail: "or serve a model with that output", tensors: [other] },
  {
    detail: "here they are 2: send a request for each row",
    tensors: [{ ...probability, shape: [2, 1], data: [0.1, 0.2] }]
  },
  {
    detail: "as FP32 or FP64, and here it is INT64",
    tensors: [{ ...probability, datatype: "INT64", data: [1] }]
  }
])("refuses: $detail", async (wrong) => {
  const { detail, more, parameters = { log: true, entity }, tensors } = wrong
  expect(await ask(parameters, tensors, more)).toEqual({
    status: 400,
    body: { error: expect.stringContaining(detail) }
  })
  expect(logged).toEqual([])
})
