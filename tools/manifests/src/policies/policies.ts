import { containerPolicies } from "./containerPolicies.ts"
import { objectPolicies } from "./objectPolicies.ts"
import type { Policy } from "./Policy.ts"
import { podPolicies } from "./podPolicies.ts"
import { workloadPolicies } from "./workloadPolicies.ts"

/** All of them, in the order of the page. */
export const policies: ReadonlyArray<Policy> = [
  ...containerPolicies,
  ...podPolicies,
  ...workloadPolicies,
  ...objectPolicies
]
