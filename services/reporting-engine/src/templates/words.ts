import { eventName, propertyName } from "@analytics/reports/blocks/valueText"

/** Titles are at most 200 characters; names of events and properties may be longer. */
const LONGEST = 60

const cut = (text: string): string =>
  text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`

/** An event in a title. */
export const eventTitle = (event: string): string => cut(eventName(event))

/** How often an event was, as the title of a number. */
export const countTitle = (event: string): string =>
  event === "$pageview" || event === "$screen"
    ? `${eventName(event)}s`
    : eventTitle(event)

/** A property in a title. */
export const propertyTitle = (property: string): string => cut(propertyName(property))

/** What the colours of a lifecycle mean. */
export const lifecycleStates = (interval: string): string =>
  `Returning people were there the ${interval} before, too; resurrecting people are back after a gap. Dormant people, below the line, were there the ${interval} before and not in this one.`

/** How a table of cohorts is read. */
export const cohortsOf = (interval: string, first: string): string =>
  `By the ${interval} of their ${first}; each column is the share that was back so many ${interval}s later.`
