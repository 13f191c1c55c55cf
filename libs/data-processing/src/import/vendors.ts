import { amplitudeRow } from "./amplitudeRow.ts"
import { wallClock } from "./localTimes.ts"
import type { ToEvent } from "./Mapped.ts"
import { matomoRow } from "./matomoRow.ts"
import { mixpanelRow } from "./mixpanelRow.ts"
import { plausibleRow } from "./plausibleRow.ts"
import { posthogRow } from "./posthogRow.ts"
import { umamiRow } from "./umamiRow.ts"

/** The systems whose exports are read as they are. */
export const vendorNames = [
  "amplitude",
  "matomo",
  "mixpanel",
  "plausible",
  "posthog",
  "umami"
] as const

export type Vendor = (typeof vendorNames)[number]

/** How a vendor's export becomes events. */
export interface VendorExport {
  /** In which it may be written, the likeliest first. */
  readonly formats: ReadonlyArray<string>
  readonly toEvent: ToEvent
  /** Whether times may have been counted on the clock of the project's time zone. */
  readonly hasLocalTimes?: boolean
}

export const vendors: { readonly [vendor in Vendor]: VendorExport } = {
  amplitude: { formats: ["ndjson"], toEvent: amplitudeRow },
  matomo: { formats: ["ndjson", "apache", "nginx"], toEvent: matomoRow },
  mixpanel: { formats: ["ndjson"], toEvent: mixpanelRow, hasLocalTimes: true },
  plausible: { formats: ["csv", "ndjson", "parquet"], toEvent: plausibleRow },
  posthog: { formats: ["ndjson", "parquet", "csv"], toEvent: posthogRow },
  umami: { formats: ["csv", "ndjson", "parquet"], toEvent: umamiRow }
}

/** What is said of a file beside the vendor that wrote it. */
export interface SaidOfExport {
  readonly from?: Vendor | undefined
  readonly format: string
  readonly timeZone?: string | undefined
  readonly isMapped: boolean
}

/** What of it does not go together, and what does; the place as a JSON pointer. */
export const exportFault = ({
  format,
  from,
  isMapped,
  timeZone
}: SaidOfExport): { readonly pointer: string; readonly detail: string } | undefined => {
  const vendor = from && vendors[from]
  if (vendor !== undefined && !vendor.formats.includes(format))
    return {
      pointer: "/from",
      detail: `An export of ${from} is written as ${vendor.formats.join(", ")}; this one is said to be ${format}.`
    }
  if (vendor !== undefined && isMapped)
    return {
      pointer: "/mapping",
      detail: `\`from\` says what the columns of ${from} are: leave one of both out.`
    }
  if (timeZone === undefined) return undefined
  if (vendor?.hasLocalTimes !== true)
    return {
      pointer: "/timeZone",
      detail:
        "Only Mixpanel's export counts times on the clock of a time zone: leave it out."
    }
  return wallClock(timeZone) === undefined
    ? {
        pointer: "/timeZone",
        detail: `There is no time zone ${timeZone}: name one as America/Los_Angeles.`
      }
    : undefined
}
