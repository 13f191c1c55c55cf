import type { ToEvent } from "./Mapped.ts"
import { matomoRow } from "./matomoRow.ts"

/** The systems whose exports are read as they are. */
export const vendorNames = ["matomo"] as const

export type Vendor = (typeof vendorNames)[number]

/** How a vendor's export becomes events. */
export interface VendorExport {
  /** In which it may be written, the likeliest first. */
  readonly formats: ReadonlyArray<string>
  readonly toEvent: ToEvent
}

export const vendors: { readonly [vendor in Vendor]: VendorExport } = {
  matomo: { formats: ["ndjson", "apache", "nginx"], toEvent: matomoRow }
}
