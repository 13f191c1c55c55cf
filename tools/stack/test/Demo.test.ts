import { afterEach, beforeEach, describe, expect, it } from "bun:test"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Redacted } from "effect"
import { demoProject } from "../src/Demo.ts"

let data: string
let made: number
let known: Set<string>
let server: ReturnType<typeof Bun.serve>

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "analytics-demo-"))
  made = 0
  known = new Set()
  server = Bun.serve({
    port: 0,
    fetch: (request) => {
      if (request.headers.get("authorization") !== "Bearer admin") {
        return Response.json({ title: "unauthorized" }, { status: 401 })
      }
      if (request.method === "GET") {
        const id = request.url.split("/").at(-1) ?? ""
        return new Response(null, { status: known.has(id) ? 200 : 404 })
      }
      made++
      const id = `project-${made}`
      known.add(id)
      const keys = { writeKey: `write-${made}`, secretKey: `secret-${made}` }
      return Response.json({ id, name: "Demo shop", ...keys }, { status: 201 })
    }
  })
})
afterEach(async () => {
  await server.stop(true)
  rmSync(data, { recursive: true, force: true })
})

const demo = (key = "admin") => demoProject(data, server.url.origin, Redacted.make(key))

describe("demoProject", () => {
  it("is made once and remembered, for its owner alone", async () => {
    const first = await Effect.runPromise(demo())
    expect(first).toEqual({
      projectId: "project-1",
      writeKey: "write-1",
      secretKey: "secret-1",
      complete: false
    })
    expect(await Effect.runPromise(demo())).toEqual(first)
    expect(statSync(join(data, "demo.json")).mode & 0o777).toBe(0o600)
  })

  it("is made again when the stores do not know it", async () => {
    await Effect.runPromise(demo())
    known.clear()
    expect((await Effect.runPromise(demo())).projectId).toBe("project-2")
  })

  it("says why it cannot be made", async () => {
    const error = await Effect.runPromise(Effect.flip(demo("wrong")))
    expect(error.message).toContain("analytics-api answered 401")
  })
})
