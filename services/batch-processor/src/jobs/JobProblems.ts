import { QueryFault } from "@analytics/analytics-core/query/QueryInvalid"
import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/** The request is JSON, but not a job that can be started. */
export class JobInvalid extends HttpApiError.Problem<JobInvalid>()(
  "JobInvalid",
  {
    type: "urn:analytics:problem:invalid-job",
    status: 422,
    title: "No such job can be started"
  },
  { errors: Schema.Array(QueryFault) }
) {
  /** `pointer` is a JSON pointer into the request. */
  static at(pointer: string, detail: string): JobInvalid {
    return new JobInvalid({ errors: [{ pointer, detail }] })
  }
}

/** Not a job that this key can see. */
export class JobNotFound extends HttpApiError.Problem<JobNotFound>()("JobNotFound", {
  type: "urn:analytics:problem:job-not-found",
  status: 404,
  title: "There is no such job"
}) {}

/** What was asked for does not go with the state that the job is in. */
export class JobStateConflict extends HttpApiError.Problem<JobStateConflict>()(
  "JobStateConflict",
  {
    type: "urn:analytics:problem:job-state",
    status: 409,
    title: "The state of the job does not allow this"
  }
) {}

/** As many jobs of this type wait as may. */
export class TooManyJobs extends HttpApiError.Problem<TooManyJobs>()(
  "TooManyJobs",
  {
    type: "urn:analytics:problem:too-many-jobs",
    status: 429,
    title: "Too many jobs of this type are waiting; try again later"
  },
  { retryAfter: Schema.Int }
) {}

/** A key names one submission. */
export class KeyReused extends HttpApiError.Problem<KeyReused>()("KeyReused", {
  type: "urn:analytics:problem:idempotency-key-reused",
  status: 422,
  title: "The Idempotency-Key belongs to another request; take a new one"
}) {}

/** 1 to 255 printable characters of ASCII. */
export class KeyMalformed extends HttpApiError.Problem<KeyMalformed>()("KeyMalformed", {
  type: "urn:analytics:problem:idempotency-key-malformed",
  status: 400,
  title: "An Idempotency-Key has 1 to 255 printable characters of ASCII"
}) {}
