import * as Kind from "./Kind.ts"
import { defaulted, optional, type Process } from "./Variable.ts"

const of: ReadonlyArray<Process> = [
  "batch-processor",
  "ml-inference",
  "reporting-engine"
]
const ofExports: ReadonlyArray<Process> = ["batch-processor"]

/** Where uploads, exports, backups and models are kept. */
export const objectStoreVariables = {
  OBJECT_STORE_URL: defaulted(Kind.objectPlace, ".data/objects", {
    of,
    description:
      "Uploads, exports, backups, models and reports: a folder that all processes of the installation see, as a path or `file:///path`, or an S3-compatible bucket, as `s3://bucket/prefix`."
  }),
  OBJECT_STORE_ENDPOINT: optional(Kind.url, {
    of,
    description: "The S3-compatible server; without it that of AWS."
  }),
  OBJECT_STORE_REGION: defaulted(Kind.text, "us-east-1", {
    of,
    description: "Region of the bucket."
  }),
  OBJECT_STORE_PATH_STYLE: optional(Kind.flag, {
    of,
    description:
      "Whether the bucket stands in the path instead of the host name. Without it: yes when `OBJECT_STORE_ENDPOINT` is set."
  }),
  OBJECT_STORE_ACCESS_KEY: optional(Kind.secret, {
    of,
    description:
      "Access key id for the bucket. Without it: what the AWS SDK finds by itself, such as the role of a pod."
  }),
  OBJECT_STORE_SECRET_KEY: optional(Kind.secret, {
    of,
    description: "The secret of that access key."
  }),

  EXPORT_RETENTION: defaulted(Kind.duration, "7 days", {
    of: ofExports,
    description: "How long the files of an export are kept."
  }),
  EXPORT_FILE_EVENTS: defaulted(
    Kind.wholeNumber({ minimum: 1, maximum: 10_000_000 }),
    "250000",
    {
      of: ofExports,
      description:
        "Events of one file of an export, about. The embedded ClickHouse makes a whole file of Parquet or Arrow in memory."
    }
  )
}
