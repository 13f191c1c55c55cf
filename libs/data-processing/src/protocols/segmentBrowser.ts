import type {
  ProtocolAnswer,
  ProtocolRequest,
  ProtocolRoute,
  Reading,
  Unreadable
} from "./Protocol.ts"
import { unescaped } from "./plain.ts"
import { batchRoute, writeKeyOf } from "./segment.ts"

/** What the browser's libraries ask for at their start is read for the key alone. */
const asked = (keys: ReadonlyArray<string>, answer: object): Reading => ({
  _tag: "Reading",
  keys,
  items: [],
  eventsOf: () => [],
  answer: (): ProtocolAnswer => ({
    status: 200,
    // It says where to send, which is where it was asked.
    headers: { "cache-control": "no-store" },
    body: JSON.stringify(answer)
  })
})

const keyOfPath = (path: string): string => {
  const key = path.split("/")[3] ?? ""
  return unescaped(key)
}

/** What a page can reach: TLS ends before us, and a page of `https` sends nowhere else. */
const schemeOf = (headers: Headers): "http" | "https" => {
  const forwarded = headers.get("x-forwarded-proto")?.split(",", 1)[0]?.trim()
  const scheme = forwarded ?? headers.get("origin")?.split(":", 1)[0]
  return scheme === "https" ? "https" : "http"
}

/** Where Segment's library sends, and that it does nothing else. */
const settings = ({ headers, path }: ProtocolRequest): Reading | Unreadable => {
  const host = headers.get("host")
  if (host === null) return { _tag: "Unreadable", reason: "the Host header is missing" }
  const key = keyOfPath(path)
  return asked([key], {
    integrations: {
      "Segment.io": {
        apiKey: key,
        apiHost: `${host}/v1`,
        protocol: schemeOf(headers),
        addBundledMetadata: false,
        unbundledIntegrations: [],
        maybeBundledConfigIds: {},
        // Ten times, as it would by itself, is soon over.
        httpConfig: {
          rateLimitConfig: { maxRetryCount: 100 },
          backoffConfig: { maxRetryCount: 100 }
        }
      }
    },
    plan: { track: { __default: { enabled: true, integrations: {} } } },
    // Else the library reports about itself to Segment.
    metrics: { sampleRate: 0 },
    middlewareSettings: {},
    enabledMiddleware: {},
    remotePlugins: [],
    analyticsNextEnabled: true,
    legacyVideoPluginsEnabled: false
  })
}

/** A source that is enabled and has no destinations but us. */
const sourceConfig = ({ query }: ProtocolRequest): Reading => {
  const [key = ""] = writeKeyOf(query)
  return asked(key === "" ? [] : [key], {
    source: {
      id: "analytics",
      name: "analytics",
      writeKey: key,
      enabled: true,
      workspaceId: "analytics",
      updatedAt: "1970-01-01T00:00:00.000Z",
      config: {
        statsCollection: { errors: { enabled: false }, metrics: { enabled: false } }
      },
      connections: [],
      destinations: [],
      dataplanes: {}
    }
  })
}

const routeOf = (
  path: string,
  summary: string,
  read: ProtocolRoute["read"]
): ProtocolRoute => ({
  protocol: "segment",
  methods: ["GET"],
  path,
  device: "never",
  onRejected: "tell",
  keysOf: (_, query) => writeKeyOf(query),
  read,
  documentation: { summary }
})

/** What the browser's libraries of Segment and RudderStack need beside their events. */
export const segmentBrowserRoutes: ReadonlyArray<ProtocolRoute> = [
  routeOf(
    "/v1/projects/:project/settings",
    "What Segment's library for browsers asks for at its start",
    settings
  ),
  routeOf(
    "/sourceConfig",
    "What RudderStack's libraries ask for at their start",
    sourceConfig
  ),
  // RudderStack's beacons have a path of their own.
  {
    ...batchRoute,
    path: "/beacon/v1/batch",
    device: "always",
    documentation: { ...batchRoute.documentation, hidden: true }
  }
]
