import { expect, it } from "bun:test"
import { gunzipSync } from "node:zlib"
import { trackerRoutes } from "../../src/tracker/TrackerRoutes.ts"

const ask = (headers: Record<string, string> = {}, method = "GET") =>
  trackerRoutes().handle(new Request("http://localhost/t.js", { method, headers }))

it("is JavaScript that any page may load and keep", async () => {
  const answer = await ask({ origin: "https://shop.example" })
  expect(answer.status).toBe(200)
  expect(answer.headers.get("content-type")).toBe("text/javascript; charset=utf-8")
  expect(answer.headers.get("access-control-allow-origin")).toBe("*")
  expect(answer.headers.get("cache-control")).toMatch(/^public, max-age=\d+/)
  expect(answer.headers.get("content-encoding")).toBeNull()
  expect(await answer.text()).toContain("sentAt")
})

it("comes packed to who can unpack it", async () => {
  const answer = await ask({ "accept-encoding": "gzip, deflate, br, zstd" })
  expect(answer.headers.get("content-encoding")).toBe("gzip")
  expect(answer.headers.get("vary")).toBe("accept-encoding")
  const plain = await (await ask()).text()
  expect(gunzipSync(await answer.bytes()).toString()).toBe(plain)
})

it("is not sent again to who has it", async () => {
  const etag = (await ask()).headers.get("etag") ?? ""
  const answer = await ask({ "if-none-match": `"other", ${etag}` })
  expect(answer.status).toBe(304)
  expect(answer.headers.get("etag")).toBe(etag)
  expect(await answer.text()).toBe("")
  expect((await ask({ "if-none-match": '"other"' })).status).toBe(200)
})
