import { afterAll, expect, it } from "bun:test"
import { Effect, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { checkModels } from "../src/doctor/serviceChecks.ts"

let index: ReadonlyArray<object> = []
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: () => Response.json(index)
})
afterAll(() => server.stop(true))

const found = (at = `http://127.0.0.1:${server.port}`) =>
  Effect.runPromise(
    checkModels(at, Redacted.make("secret")).pipe(Effect.provide(FetchHttpClient.layer))
  )
const entry = (state: string, reason = "") => ({
  name: "buys",
  version: "2",
  state,
  reason
})

it("the doctor says which version of a model does not answer, and why", async () => {
  expect(await found()).toMatchObject({ state: "ok", detail: "0 of 0 versions ready" })
  index = [entry("READY")]
  expect(await found()).toMatchObject({ state: "ok" })
  index = [entry("READY"), entry("UNAVAILABLE", "its file is gone")]
  expect(await found()).toMatchObject({
    state: "warning",
    detail: "1 of 2 versions ready; version 2 of buys: its file is gone"
  })
  expect(await found("http://127.0.0.1:1")).toMatchObject({ state: "failure" })
})
