import { treaty } from "@elysiajs/eden"
import { type App, type AppRuntime, makeApp } from "../../src/App.ts"
import * as Models from "../support/models.ts"

export const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })
export const owner = as("sk_1")

export const tensor = (name: string, data: ReadonlyArray<number>) => ({
  name,
  datatype: "FP32",
  shape: [data.length / 2, 2],
  data: [...data]
})

/** What a model that multiplies by `factor` answers. */
export const golden = (factor: number) => ({
  inputs: [tensor("x", [1, 2, 3, 4])] as [object],
  outputs: [
    tensor(
      "y",
      [1, 2, 3, 4].map((it) => it * factor)
    )
  ] as [object]
})

/** The service, as its clients ask it. */
export const clientOf = (runtime: AppRuntime) => {
  const app: App = makeApp(runtime)
  const api = treaty(app, { parseDate: false })

  const send = async (file: Uint8Array | null, key = "sk_1", query = "") => {
    const response = await app.handle(
      new Request(`http://localhost/v1/artifacts${query}`, {
        method: "PUT",
        headers: { authorization: `Bearer ${key}` },
        body: file === null ? null : Uint8Array.from(file)
      })
    )
    const body = (await response.json()) as { sha256: string; bytes: number }
    return { status: response.status, body }
  }

  /** A version of a model that multiplies by `factor`. */
  const push = async (name: string, factor: number, key = "sk_1") => {
    const { body } = await send(Models.times(factor), key)
    return api.v1
      .models({ name })
      .versions.post(
        { artifact: body.sha256, golden: golden(factor) as never },
        as(key)
      )
  }

  const infer = async (name: string, key = "sk_1") => {
    const response = await app.handle(
      new Request(`http://localhost/v2/models/${name}/infer`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}` },
        body: JSON.stringify({ inputs: [tensor("x", [1, 2])] })
      })
    )
    const body = (await response.json()) as {
      readonly outputs?: ReadonlyArray<{ readonly data: ReadonlyArray<number> }>
    }
    return body.outputs?.[0]?.data ?? response.status
  }

  return { api, app, infer, push, send }
}
