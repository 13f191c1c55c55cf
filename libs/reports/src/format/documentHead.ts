import type { ReportDocument } from "../ReportDocument.ts"
import { formatInstant, formatRange, safeTimezone } from "./formatCell.ts"
import { plainLine } from "./plainText.ts"

/** What stands above every report, in words. */
export interface DocumentHead {
  readonly project: string
  readonly title: string
  readonly subtitle: string | null
  /** `1 Mar 2026 – 31 Mar 2026`. */
  readonly range: string | null
  readonly timezone: string
  /** `1 Apr 2026, 06:00`. */
  readonly asOf: string
  readonly notices: ReadonlyArray<{ readonly label: string; readonly text: string }>
}

const labels = {
  incomplete: "Not complete",
  revised: "Revised",
  cached: "Kept result",
  warning: "Note"
} as const

/** What a mail has room for; the report itself has all of it. */
export const shortNotices = (
  notices: DocumentHead["notices"]
): DocumentHead["notices"] => {
  const shown = notices.slice(0, 10)
  const left = notices.length - shown.length
  return [
    ...shown.map(({ label, text }) => ({ label, text: plainLine(text, 600) })),
    ...(left > 0
      ? [{ label: labels.warning, text: `${left} more notices are in the report.` }]
      : [])
  ]
}

export const documentHead = (document: ReportDocument): DocumentHead => ({
  project: plainLine(document.project, 200),
  title: plainLine(document.title, 500),
  subtitle: document.subtitle === undefined ? null : plainLine(document.subtitle, 1000),
  range:
    document.from === undefined || document.to === undefined
      ? null
      : formatRange(document.from, document.to, document),
  timezone: safeTimezone(document.timezone),
  asOf: formatInstant(document.asOf, document),
  notices: document.notices.map(({ kind, text }) => ({
    label: labels[kind],
    text: plainLine(text, 2000)
  }))
})
