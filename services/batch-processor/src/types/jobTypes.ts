import { Effect } from "effect"
import { ready } from "../jobs/JobTypes.ts"
import { noop } from "./noop/noop.ts"

/** Every kind of work there is. */
export const jobTypes = Effect.all([ready(noop)])
