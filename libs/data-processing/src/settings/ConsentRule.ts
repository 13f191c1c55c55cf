import type { Consent } from "@analytics/analytics-core/settings/ProjectSettings"
import type { DropReason, InboxEvent } from "../InboxEvent.ts"
import { valueAt } from "./EventValue.ts"

/** What a visitor did not agree to, and what is to be done about it. */
export interface Objection {
  readonly reason: DropReason
  readonly response: "anonymise" | "drop"
}

/** `undefined` if the settings ask nobody. */
export const consentRuleOf = ({
  doNotTrack,
  required,
  whenUnknown,
  withoutConsent
}: Consent):
  | ((event: InboxEvent, optedOut: boolean) => Objection | undefined)
  | undefined => {
  if (doNotTrack === "ignore" && required.length === 0) return undefined
  const optOut: Objection | undefined =
    doNotTrack === "ignore"
      ? undefined
      : { reason: "do_not_track", response: doNotTrack }
  const refusal: Objection = { reason: "no_consent", response: withoutConsent }
  return (event, optedOut) => {
    const first = optedOut ? optOut : undefined
    const second = required.every((category) => agreed(event, category, whenUnknown))
      ? undefined
      : refusal
    // Whoever objects twice is answered by the stricter one.
    return first?.response === "drop"
      ? first
      : second?.response === "drop"
        ? second
        : (first ?? second)
  }
}

/** Segment's clients send `context.consent.categoryPreferences: {"Analytics": true}`. */
const agreed = (
  event: InboxEvent,
  category: string,
  whenUnknown: Consent["whenUnknown"]
): boolean => {
  const said = valueAt(event.c, ["consent", "categoryPreferences", category])
  return said === undefined ? whenUnknown === "allow" : said === true
}
