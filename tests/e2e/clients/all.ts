import { amplitude, amplitudeBatch } from "./amplitude.ts"
import { mixpanel, mixpanelAgain, mixpanelBatch } from "./mixpanel.ts"
import type { OfficialClient } from "./OfficialClient.ts"
import { plausible } from "./plausible.ts"
import { posthog, posthogV1 } from "./posthog.ts"
import { rudderstack } from "./rudderstack.ts"
import { segment } from "./segment.ts"
import { snowplow, snowplowGet } from "./snowplow.ts"
import { umami } from "./umami.ts"

export const officialClients: ReadonlyArray<OfficialClient> = [
  segment,
  rudderstack,
  amplitude,
  amplitudeBatch,
  mixpanel,
  mixpanelAgain,
  mixpanelBatch,
  posthog,
  posthogV1,
  plausible,
  umami,
  snowplow,
  snowplowGet
]
