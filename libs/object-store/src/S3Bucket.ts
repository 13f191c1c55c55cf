import { type S3Client, S3ServiceException } from "@aws-sdk/client-s3"
import { Data, Duration, Effect } from "effect"
import { ObjectStoreUnavailable } from "./ObjectStore.ts"

/** A request that the server refused or did not answer. */
export class S3Failed extends Data.TaggedError("S3Failed")<{
  readonly operation: string
  readonly key: string
  readonly detail: string
  /** Of the answer, if there was one. */
  readonly status: number | undefined
}> {}

/** With all attempts of the client. */
const LONGEST_REQUEST = Duration.minutes(5)

export interface S3Bucket {
  readonly bucket: string
  /** Empty, or ends with a slash. */
  readonly prefix: string
  readonly send: <A>(
    operation: string,
    key: string,
    request: (client: S3Client, signal: AbortSignal) => Promise<A>
  ) => Effect.Effect<A, S3Failed>
  readonly failed: (operation: string, key: string, cause: unknown) => S3Failed
}

/** `secrets` never show in an error, whatever the server says. */
export const s3Requests = ({
  bucket,
  client,
  prefix,
  secrets
}: {
  readonly client: S3Client
  readonly bucket: string
  readonly prefix: string
  readonly secrets: ReadonlyArray<string>
}): S3Bucket => {
  const failed: S3Bucket["failed"] = (operation, key, cause) => {
    const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : `${cause}`
    return new S3Failed({
      operation,
      key,
      detail: secrets.reduce((text, it) => text.replaceAll(it, "<redacted>"), said),
      status:
        cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined
    })
  }
  return {
    bucket,
    prefix,
    failed,
    send: (operation, key, request) =>
      Effect.tryPromise({
        try: (signal) => request(client, signal),
        catch: (cause) => failed(operation, key, cause)
      }).pipe(
        Effect.timeoutOrElse({
          duration: LONGEST_REQUEST,
          orElse: () =>
            Effect.fail(failed(operation, key, "no answer within 5 minutes"))
        })
      )
  }
}

/** The error as callers of the store know it. */
export const asUnavailable = ({ detail, key, operation }: S3Failed) =>
  new ObjectStoreUnavailable({ operation, key, detail })

export const isMissing = (error: S3Failed): boolean => error.status === 404
