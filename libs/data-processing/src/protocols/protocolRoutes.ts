import { amplitudeRoutes } from "./amplitude.ts"
import { mixpanelRoutes } from "./mixpanel.ts"
import { nativeRoutes } from "./native.ts"
import type { ProtocolRoute } from "./Protocol.ts"
import { plausibleRoutes } from "./plausible.ts"
import { posthogRoutes } from "./posthog.ts"
import { posthogFlagsRoutes } from "./posthogFlags.ts"
import { posthogV1Routes } from "./posthogV1.ts"
import { segmentRoutes } from "./segment.ts"
import { segmentBrowserRoutes } from "./segmentBrowser.ts"
import { snowplowRoutes } from "./snowplow.ts"
import { umamiRoutes } from "./umami.ts"

/** Every endpoint by which a client library may send, each path once a method. */
export const protocolRoutes: ReadonlyArray<ProtocolRoute> = [
  ...segmentRoutes,
  ...segmentBrowserRoutes,
  ...posthogRoutes,
  ...posthogV1Routes,
  ...posthogFlagsRoutes,
  ...amplitudeRoutes,
  ...mixpanelRoutes,
  ...nativeRoutes,
  ...plausibleRoutes,
  ...snowplowRoutes,
  ...umamiRoutes
]
