import { ParquetUnreadable } from "@analytics/data-processing/readers/parquet"
import { JobFailed, JobUnavailable } from "../../jobs/JobType.ts"
import { FileCut, isAway, isGone } from "./sources/OpenFile.ts"

/** What became of reading a file, in the words of a job. */
export const failureOf = (error: unknown): JobFailed | JobUnavailable => {
  if (error instanceof JobFailed || error instanceof JobUnavailable) return error
  if (isAway(error))
    return new JobUnavailable({ what: "the store of objects", detail: error.detail })
  if (isGone(error))
    return new JobFailed({ detail: "The file is not there any more: upload it again." })
  if (error instanceof ParquetUnreadable)
    return new JobFailed({
      detail: `The Parquet file cannot be read: ${error.message}.`
    })
  if (error instanceof FileCut)
    return new JobFailed({ detail: `The file cannot be read: ${error.message}.` })
  const code = error instanceof Error && "code" in error ? String(error.code) : ""
  if (code.startsWith("Z_"))
    return new JobFailed({
      detail:
        "The file starts like gzip but cannot be unpacked: it is damaged or cut off."
    })
  const said = error instanceof Error ? error.message : String(error)
  // What a disk or a network says passes by; what a reader says does not.
  return code !== "" && /^E[A-Z]+$/u.test(code)
    ? new JobUnavailable({ what: "the file", detail: code })
    : new JobFailed({ detail: `The file cannot be read: ${said}` })
}
