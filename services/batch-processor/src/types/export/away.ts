import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import type {
  ObjectStoreUnavailable,
  ObjectTooLarge
} from "@analytics/object-store/ObjectStore"
import { JobFailed, JobUnavailable } from "../../jobs/JobType.ts"

type Known =
  | ClickHouseError
  | ObjectStoreUnavailable
  | ObjectTooLarge
  | JobFailed
  | JobUnavailable

/** What a store says, as a job says it: most passes by itself, a wrong question does not. */
export const away = (error: Known): JobFailed | JobUnavailable => {
  switch (error._tag) {
    case "JobFailed":
    case "JobUnavailable":
      return error
    case "ObjectStoreUnavailable":
      return new JobUnavailable({ what: "The object store", detail: error.detail })
    case "ObjectTooLarge":
      return new JobFailed({ detail: "A file of it would be too large." })
    case "ClickHouseError":
      return error.kind === "query" || error.kind === "data"
        ? new JobFailed({
            detail: `The event store refuses the question (code ${error.code}). If a filter says \`matches\`, its pattern must be RE2.`
          })
        : new JobUnavailable({
            what: "ClickHouse",
            detail: `The event store does not answer (${error.kind}).`
          })
  }
}
