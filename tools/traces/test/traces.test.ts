import { describe, expect, it } from "bun:test"
import { drawTrace } from "../src/drawTrace.ts"
import { isShown } from "../src/Filter.ts"
import type { Span } from "../src/Span.ts"
import { TraceStore } from "../src/TraceStore.ts"

const at = (ms: number) => 1_764_000_000_000_000_000n + BigInt(ms * 1e6)

const span = (
  id: string,
  parent: string | undefined,
  given: Partial<Span> = {}
): Span => ({
  traceId: "aa",
  spanId: id,
  parentSpanId: parent,
  name: id,
  kind: "internal",
  service: "analytics-api",
  start: at(0),
  end: at(10),
  attributes: {},
  links: [],
  error: undefined,
  ...given
})

const draw = (spans: ReadonlyArray<Span>) =>
  drawTrace({ traceId: "aa", spans }, { color: false, width: 140 })

describe("a trace", () => {
  it("is a tree with times, bars, services and what failed", () => {
    const text = draw([
      span("POST /v1/query", undefined, {
        end: at(40),
        attributes: { "http.response.status_code": 503 },
        error: "away"
      }),
      span("one", "POST /v1/query", { start: at(0), end: at(20) }),
      span("SELECT", "one", {
        service: "other",
        start: at(10),
        end: at(20),
        attributes: { "db.query.text": "SELECT 1\n  FROM a" }
      }),
      span("two", "POST /v1/query", { start: at(20), end: at(40) })
    ])
    expect(text.split("\n")).toEqual([
      "trace aa  40 ms  4 spans  analytics-api, other  1 failed",
      "    40 ms  ████████████████████  analytics-api    POST /v1/query  ✗ away  503",
      "    20 ms  ██████████            analytics-api    ├ one",
      "    10 ms       █████            other            │ └ SELECT  SELECT 1 FROM a",
      "    20 ms            ██████████  analytics-api    └ two"
    ])
  })

  it("keeps to its line and lets nobody command the terminal", () => {
    const text = draw([
      span("a", undefined, {
        name: "GET\u001b[2J /a",
        service: "shop\u001b]0;x\u0007",
        error: "row 1\n\u001b[31mrow 2",
        attributes: { "http.response.status_code": "5\u009b0m" }
      })
    ])
    expect(text.split("\n")).toHaveLength(2)
    expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u)
  })

  it("shows what has lost its parent, and ends with those that name each other", () => {
    expect(draw([span("a", "gone"), span("b", "gone")]).split("\n")).toHaveLength(3)
    expect(draw([span("a", "b"), span("b", "a"), span("c", "c")])).toContain("3 spans")
    expect(
      draw([
        span("root", undefined),
        ...Array.from({ length: 500 }, (_, n) => span(`s${n}`, "root"))
      ])
    ).toContain("… and 301 more spans")
  })

  it("has colours where somebody sees them", () => {
    const look = { color: true, width: 140 }
    const text = drawTrace({ traceId: "aa", spans: [span("a", undefined)] }, look)
    expect(text).toContain("\u001b[38;5;")
  })
})

describe("filters", () => {
  const trace = {
    traceId: "abcd",
    spans: [
      span("POST /v1/query", undefined),
      span("slow", "x", { end: at(900), error: "" })
    ]
  }
  it.each([
    [{}, true],
    [{ trace: "AB" }, true],
    [{ trace: "cd" }, false],
    [{ service: "analytics-api" }, true],
    [{ service: "loader" }, false],
    [{ slow: 800 }, true],
    [{ slow: 1000 }, false],
    [{ errors: true }, true],
    [{ name: "/v1/q" }, true],
    [{ name: "track" }, false]
  ])("%j", (filter, expected) => {
    expect(isShown(trace, filter)).toBe(expected)
  })
})

describe("the store", () => {
  it("remembers no more than it has room for", () => {
    const store = new TraceStore({ traces: 10, spans: 100 })
    for (let trace = 0; trace < 50; trace++)
      store.add(
        Array.from({ length: 30 }, (_, n) =>
          span(`s${n}`, undefined, { traceId: `t${trace}` })
        )
      )
    expect(store.size).toBeLessThanOrEqual(100)
    expect(store.find("t0")).toBeUndefined()
    expect(store.find("t49")?.spans).toHaveLength(30)
  })

  it("remembers no more of a single trace", () => {
    const store = new TraceStore({ traces: 10, spans: 5 })
    for (let n = 0; n < 20; n++) store.add([span(`${n}`, undefined)])
    expect(store.size).toBe(5)
    expect(store.find("aa")?.spans).toHaveLength(5)
  })

  it("tells a trace once it is quiet, and again when more came", () => {
    const store = new TraceStore()
    store.add([span("a", undefined)], 1000)
    expect(store.takeQuiet(500, 1200)).toEqual([])
    expect(store.takeQuiet(500, 1500)).toHaveLength(1)
    expect(store.takeQuiet(500, 9000)).toEqual([])
    store.add([span("b", "a")], 9000)
    expect(store.takeQuiet(500, 9600)[0]?.spans).toHaveLength(2)
  })
})
