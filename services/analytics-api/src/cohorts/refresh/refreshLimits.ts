/** A process that said nothing for so long is gone. */
export const LEASE = "30 seconds"
export const HEARTBEAT = "5 seconds"

/** Of finding and writing the people of one cohort. */
export const LONGEST = "15 minutes"

/** How long one request waits for a refresh that goes on; then it is asked for again. */
export const WAIT = "25 seconds"
export const LOOK = "1 second"

/** Attempts of one refresh that fail within ten minutes; then it is refused. */
export const MOST_FAILURES = 5

/** Refreshes of one cohort whose people are stored. */
export const MOST_KEPT = 1000

/** How long a refresh that a newer one replaced stays for questions as of its time. */
export const KEPT_FOR = "7 days"
