import { describe, expect, it } from "bun:test"
import { summary } from "../src/Summary.ts"

const stack = {
  services: { "analytics-api": "http://127.0.0.1:4000" },
  postgres: "postgres://…",
  clickhouse: "http://…",
  adminKey: "admin-secret",
  demo: { projectId: "1", writeKey: "write-secret", secretKey: "demo-secret" },
  pids: {}
}

describe("summary", () => {
  it("says where things are and what to try, without a secret", () => {
    const text = summary(stack, ".data", "Ctrl-C stops it.")
    expect(text).toContain("http://127.0.0.1:4000/docs")
    expect(text).toContain("curl -s http://127.0.0.1:4000/v1/query")
    expect(text).not.toContain("demo-secret")
    expect(text).not.toContain("admin-secret")
    expect(text).toEndWith("Ctrl-C stops it.")
  })

  it("says where the pages are", () => {
    const services = { "reporting-engine": "http://127.0.0.1:4003" }
    const text = summary({ ...stack, services }, ".data", "")
    expect(text).toMatch(
      /pages +http:\/\/127\.0\.0\.1:4003 +sign in with a secret key/u
    )
    expect(text).not.toContain("demo-secret")
    expect(summary(stack, ".data", "")).not.toContain("sign in")
  })

  it("leaves out the question when there is no service to ask", () => {
    const { demo: _, ...rest } = stack
    expect(summary({ ...rest, services: {} }, ".data", "")).not.toContain("curl")
  })
})
