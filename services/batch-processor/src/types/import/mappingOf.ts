import type { Mapping } from "@analytics/data-processing/import/Mapping"
import type { ImportPayload } from "./ImportPayload.ts"

/** The mapping of a job with what it leaves out. */
export const mappingOf = ({ mapping }: ImportPayload): Mapping | undefined =>
  mapping && {
    ...mapping,
    timestampFormat: mapping.timestampFormat ?? "iso",
    timeOffset: mapping.timeOffset ?? "+00:00",
    numbers: mapping.numbers ?? [],
    booleans: mapping.booleans ?? []
  }
