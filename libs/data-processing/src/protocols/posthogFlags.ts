import type { Json, JsonObject } from "../ExactJson.ts"
import { isJsonObject } from "../ExactJson.ts"
import type {
  ProtocolAnswer,
  ProtocolRequest,
  ProtocolRoute,
  Reading
} from "./Protocol.ts"
import { unescaped } from "./plain.ts"
import { MAX_BODY, refuseBrowser, sentIn, tokenOf, tokensIn } from "./posthog.ts"

const none: JsonObject = {}

/** What a client may be told about a project: nothing but events is taken here. */
const config = {
  supportedCompression: ["gzip", "gzip-js"],
  // Asked for all the same: who waits for flags waits for their answer.
  hasFeatureFlags: true,
  analytics: { endpoint: "/i/v0/e/" },
  autocapture_opt_out: false,
  autocaptureExceptions: false,
  captureDeadClicks: false,
  capturePerformance: false,
  conversations: false,
  defaultIdentifiedOnly: true,
  elementsChainAsString: true,
  errorTracking: { autocaptureExceptions: false, suppressionRules: [] },
  heatmaps: false,
  isAuthenticated: false,
  logs: { captureConsoleLogs: false },
  productTours: false,
  sessionRecording: false,
  siteApps: [],
  surveys: false,
  toolbarParams: {}
}

/** No flag is known here, so that every client falls back to what its code says. */
const flagsOf = (path: string, query: URLSearchParams): ProtocolAnswer => {
  const version = Number(query.get("v") ?? 1)
  const isDecide = path.startsWith("/decide")
  const modern = isDecide ? version >= 4 : version >= 2
  const flags = modern
    ? { flags: {} }
    : {
        featureFlags: isDecide && version < 2 ? [] : {},
        featureFlagPayloads: {}
      }
  const answer = {
    ...flags,
    errorsWhileComputingFlags: false,
    // Older clients ask for both at once.
    ...(isDecide || query.get("config") === "true" ? config : {})
  }
  return { status: 200, body: JSON.stringify(answer) }
}

/** Without items: what is sent is read for the key alone. */
const asked = (keys: ReadonlyArray<string>, answer: () => ProtocolAnswer): Reading => ({
  _tag: "Reading",
  keys,
  items: [],
  eventsOf: () => [],
  answer
})

const keysIn = (request: ProtocolRequest): ReadonlyArray<string> => {
  const sent: Json = sentIn(request) ?? none
  const items = Array.isArray(sent) ? sent : []
  return tokensIn(isJsonObject(sent) ? sent : none, items)
}

const keyOfPath = (path: string): string => {
  const [, , key = ""] = path.split("/")
  return unescaped(key)
}

const cached = { "cache-control": "public, max-age=300" }

const configAnswer: ProtocolAnswer = {
  status: 200,
  headers: cached,
  body: JSON.stringify(config)
}

const configScript = (key: string): ProtocolAnswer => {
  // A key is text of the URL: it must not end the script or the string.
  const name = JSON.stringify(key).replaceAll("<", "\\u003c")
  return {
    status: 200,
    headers: { ...cached, "content-type": "application/javascript; charset=utf-8" },
    body: `(function(){var c=window._POSTHOG_REMOTE_CONFIG=window._POSTHOG_REMOTE_CONFIG||{};c[${name}]={config:${JSON.stringify(config)},siteApps:[]}})();`
  }
}

/** How PostHog says that it did not take recordings and wants none for a while. */
const notRecorded: ProtocolAnswer = {
  status: 200,
  body: `{"status":"Ok","quota_limited":["recordings"]}`
}

const json = (value: unknown): ProtocolAnswer => ({
  status: 200,
  body: JSON.stringify(value)
})

const route = (
  path: string,
  methods: ProtocolRoute["methods"],
  summary: string,
  read: ProtocolRoute["read"],
  hidden = false
): ProtocolRoute => ({
  protocol: "posthog",
  methods,
  path,
  device: "never",
  onRejected: "tell",
  maxBodyBytes: MAX_BODY,
  maxKeylessBytes: MAX_BODY,
  keysOf: tokenOf,
  read,
  refuse: refuseBrowser,
  documentation: { summary, hidden }
})

/** What PostHog's clients ask for beside sending events. */
export const posthogFlagsRoutes: ReadonlyArray<ProtocolRoute> = [
  ...["/flags", "/decide", "/n/options"].map((path) =>
    route(
      path,
      ["POST"],
      "Feature flags, of which there are none",
      (request) => asked(keysIn(request), () => flagsOf(request.path, request.query)),
      path !== "/flags"
    )
  ),
  // A second name of each, which lists of blockers do not hold.
  ...["/array", "/n"].flatMap((path) => [
    route(
      `${path}/:token/config`,
      ["GET"],
      "What a browser may record",
      (request) => asked([keyOfPath(request.path)], () => configAnswer),
      path !== "/array"
    ),
    route(
      `${path}/:token/config.js`,
      ["GET"],
      "The same as a script",
      (request) => {
        const key = keyOfPath(request.path)
        return asked([key], () => configScript(key))
      },
      true
    )
  ]),
  route("/s", ["POST"], "Session recordings, which are not kept", (request) =>
    asked(keysIn(request), () => notRecorded)
  ),
  route("/api/surveys", ["GET"], "Surveys, of which there are none", () =>
    asked([], () => json({ surveys: [] }))
  ),
  route("/api/web_experiments", ["GET"], "Experiments, of which there are none", () =>
    asked([], () => json({ experiments: [] }))
  ),
  route("/api/early_access_features", ["GET"], "Features to try, none", () =>
    asked([], () => json({ earlyAccessFeatures: [] }))
  ),
  route("/api/product_tours", ["GET"], "Tours, of which there are none", () =>
    asked([], () => json({ product_tours: [] }))
  )
]
