import * as Kind from "./Kind.ts"
import { defaulted, type Process } from "./Variable.ts"

const of: ReadonlyArray<Process> = ["batch-processor"]

/** Where imports may read from, and how much. */
export const importVariables = {
  BATCH_IMPORT_PATHS: defaulted(Kind.list, "", {
    of,
    description:
      "Folders below which imports may read files, as absolute paths with commas between them. None without it."
  }),
  BATCH_IMPORT_HOSTS: defaulted(Kind.list, "", {
    of,
    description:
      "Hosts from which imports may fetch files over https, as `data.example.com` or `data.example.com:8443`, with commas between them. Addresses that are not public are refused all the same. None without it."
  }),
  BATCH_IMPORT_BUCKETS: defaulted(Kind.list, "", {
    of,
    description:
      "Buckets from which imports may read objects, with commas between them; the server and the keys are those of `OBJECT_STORE_*`. None without it."
  }),
  BATCH_IMPORT_MAX_BYTES: defaulted(Kind.byteSize, "20 GiB", {
    of,
    description: "Largest file of an import, as it is stored."
  }),
  BATCH_UPLOAD_MAX_BYTES: defaulted(Kind.byteSize, "2 GiB", {
    of,
    description: "Largest upload."
  }),
  BATCH_UPLOAD_RETENTION: defaulted(Kind.duration, "24 hours", {
    of,
    description:
      "How long an upload is kept; while a job that names it is open, it stays."
  })
}
