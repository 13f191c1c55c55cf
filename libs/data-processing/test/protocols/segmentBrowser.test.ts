import { describe, expect, it } from "bun:test"
import { segmentBrowserRoutes } from "../../src/protocols/segmentBrowser.ts"

const ask = (path: string, headers: Record<string, string>, search = "") => {
  const [settings, source] = segmentBrowserRoutes
  const route = path.startsWith("/sourceConfig") ? source : settings
  const query = new URLSearchParams(search)
  const reading = route?.read({
    method: "GET",
    path,
    query,
    headers: new Headers(headers),
    body: "",
    bytes: 0
  })
  if (reading?._tag !== "Reading") return reading
  const { body } = reading.answer({ accepted: 0, rejected: [], warnings: [] })
  const keys = [...(route?.keysOf(new Headers(), query) ?? []), ...reading.keys]
  return { keys, items: reading.items, body: JSON.parse(String(body)) }
}

describe("the start of a library in a browser", () => {
  it.each([
    [{}, "http"],
    [{ origin: "https://shop.test" }, "https"],
    [{ "x-forwarded-proto": "https, http", origin: "http://shop.test" }, "https"],
    [{ "x-forwarded-proto": "http" }, "http"]
  ] as const)("tells Segment's to send here, with %j by %s", (headers, protocol) => {
    const answer = ask("/v1/projects/a%2Fb/settings", {
      host: "e.test:4001",
      ...headers
    })
    expect(answer).toMatchObject({
      keys: ["a/b"],
      items: [],
      body: {
        integrations: {
          "Segment.io": { apiKey: "a/b", apiHost: "e.test:4001/v1", protocol }
        },
        // Nobody else hears about the page.
        metrics: { sampleRate: 0 },
        remotePlugins: []
      }
    })
  })

  it("cannot tell where that is without a host", () => {
    expect(ask("/v1/projects/x/settings", {})).toMatchObject({ _tag: "Unreadable" })
  })

  it("tells RudderStack's that its source is enabled", () => {
    expect(ask("/sourceConfig", {}, "writeKey=k&p=npm")).toMatchObject({
      keys: ["k", "k"],
      items: [],
      // What its library checks before it sends anything.
      body: {
        source: { id: expect.any(String), enabled: true, config: {}, destinations: [] }
      }
    })
  })
})
