import { ParquetUnreadable } from "@analytics/data-processing/readers/parquet"
import { FileCut } from "@analytics/data-processing/readers/RandomAccess"
import { ArchiveUnreadable } from "@analytics/data-processing/readers/zip"
import { JobFailed, JobUnavailable } from "../../jobs/JobType.ts"
import { isAway, isGone } from "./sources/ObjectFile.ts"

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
  if (error instanceof ArchiveUnreadable)
    return new JobFailed({
      detail: `The zip archive cannot be read: ${error.message}.`
    })
  if (error instanceof FileCut)
    return new JobFailed({ detail: `The file cannot be read: ${error.message}.` })
  const code = error instanceof Error && "code" in error ? String(error.code) : ""
  if (code.startsWith("Z_"))
    return new JobFailed({
      detail:
        "The file, or one inside of it, is packed but cannot be unpacked: it is damaged or cut off."
    })
  const said = error instanceof Error ? error.message : String(error)
  // What a disk or a network says passes by; what a reader says does not.
  return code !== "" && /^E[A-Z]+$/u.test(code)
    ? new JobUnavailable({ what: "the file", detail: code })
    : new JobFailed({ detail: `The file cannot be read: ${said}` })
}
