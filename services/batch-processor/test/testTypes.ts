import { Effect } from "effect"
import { ready } from "../src/jobs/JobTypes.ts"
import { noop } from "../src/types/noop/noop.ts"

export const testTypes = Effect.all([ready(noop)])
