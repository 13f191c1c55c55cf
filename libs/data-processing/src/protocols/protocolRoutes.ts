import { amplitudeRoutes } from "./amplitude.ts"
import { mixpanelRoutes } from "./mixpanel.ts"
import { nativeRoutes } from "./native.ts"
import { plausibleRoutes } from "./plausible.ts"
import type { ProtocolRoute } from "./Protocol.ts"
import { segmentRoutes } from "./segment.ts"
import { umamiRoutes } from "./umami.ts"

/** Every endpoint by which a client library may send, each path once a method. */
export const protocolRoutes: ReadonlyArray<ProtocolRoute> = [
  ...segmentRoutes,
  ...amplitudeRoutes,
  ...mixpanelRoutes,
  ...nativeRoutes,
  ...plausibleRoutes,
  ...umamiRoutes
]
