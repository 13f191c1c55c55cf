import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand
} from "@aws-sdk/client-s3"
import { Effect, Fiber, type Scope, Stream } from "effect"
import { measured } from "./Measured.ts"
import type { ObjectStoreUnavailable, ObjectTooLarge, Written } from "./ObjectStore.ts"
import { asUnavailable, type S3Bucket } from "./S3Bucket.ts"

/** Of one part, in bytes. Ten thousand are the most: 160 GiB. */
const PART = 16 * 1024 * 1024

/**
 * Sends a body of any length, in parts of one size when it is longer than one. A part is
 * sent while the next one is filled, so two of them are in memory. The object
 * appears when the last one is there; what is given up is taken back.
 */
export const upload = <E, R>(
  bucket: S3Bucket,
  key: string,
  body: Stream.Stream<Uint8Array, E, R>,
  limit: number | undefined
): Effect.Effect<Written, E | ObjectStoreUnavailable | ObjectTooLarge, R> =>
  Effect.gen(function* () {
    const measure = measured(key, limit)
    const target = uploadTo(bucket, key)
    let filling = Buffer.allocUnsafeSlow(PART)
    /** Free again when the next part begins to be sent. */
    let leaving: typeof filling | undefined
    let filled = 0
    /** A full part is sent when it is not the last. */
    const add = Effect.fnUntraced(function* (chunk: Uint8Array) {
      for (let at = 0; at < chunk.byteLength; ) {
        if (filled === PART) {
          yield* target.sendPart(filling)
          const free = leaving ?? Buffer.allocUnsafeSlow(PART)
          leaving = filling
          filling = free
          filled = 0
        }
        const some = chunk.subarray(at, at + PART - filled)
        filling.set(some, filled)
        filled += some.byteLength
        at += some.byteLength
      }
    })
    yield* Stream.runForEach(body, (chunk) =>
      Effect.andThen(measure.add(chunk), add(chunk))
    ).pipe(
      Effect.andThen(
        Effect.suspend(() => target.complete(filling.subarray(0, filled)))
      ),
      Effect.scoped,
      Effect.onError(() => target.abort)
    )
    return yield* measure.written
  })

/** Nothing is begun at the server before the first of several parts. */
const uploadTo = (bucket: S3Bucket, key: string) => {
  const name = { Bucket: bucket.bucket, Key: bucket.prefix + key }
  const sent: Array<{
    readonly ETag: string | undefined
    readonly PartNumber: number
  }> = []
  let uploadId: string | undefined
  const send = <A>(
    request: (client: S3Client, signal: AbortSignal) => Promise<A>
  ): Effect.Effect<A, ObjectStoreUnavailable> =>
    bucket.send("put", key, request).pipe(Effect.mapError(asUnavailable))

  let sending: Fiber.Fiber<void, ObjectStoreUnavailable> | undefined

  const begin = Effect.gen(function* () {
    const { UploadId } = yield* send((client, abortSignal) =>
      client.send(new CreateMultipartUploadCommand(name), { abortSignal })
    )
    uploadId = UploadId
  })

  const sendNumbered = (PartNumber: number, Body: Uint8Array) =>
    send((client, abortSignal) =>
      client.send(
        new UploadPartCommand({ ...name, UploadId: uploadId, PartNumber, Body }),
        { abortSignal }
      )
    ).pipe(
      Effect.tap(({ ETag }) => Effect.sync(() => sent.push({ ETag, PartNumber }))),
      Effect.asVoid
    )

  const arrived = Effect.suspend(() =>
    sending === undefined ? Effect.void : Fiber.join(sending)
  )

  /** Ends when the part before has arrived. */
  const sendPart = (
    part: Uint8Array
  ): Effect.Effect<void, ObjectStoreUnavailable, Scope.Scope> =>
    Effect.gen(function* () {
      if (uploadId === undefined) yield* begin
      yield* arrived
      sending = yield* Effect.forkScoped(sendNumbered(sent.length + 1, part))
    })

  const put = (Body: Uint8Array) =>
    send((client, abortSignal) =>
      client.send(new PutObjectCommand({ ...name, Body }), { abortSignal })
    )

  const complete = (last: Uint8Array) =>
    Effect.gen(function* () {
      if (uploadId === undefined) return yield* Effect.asVoid(put(last))
      yield* sendPart(last)
      yield* arrived
      yield* send((client, abortSignal) =>
        client.send(
          new CompleteMultipartUploadCommand({
            ...name,
            UploadId: uploadId,
            MultipartUpload: { Parts: sent }
          }),
          { abortSignal }
        )
      )
    })

  const abort = Effect.suspend(() =>
    uploadId === undefined
      ? Effect.void
      : send((client, abortSignal) =>
          client.send(
            new AbortMultipartUploadCommand({ ...name, UploadId: uploadId }),
            { abortSignal }
          )
        ).pipe(Effect.timeout("10 seconds"), Effect.ignore)
  )

  return { sendPart, complete, abort }
}
