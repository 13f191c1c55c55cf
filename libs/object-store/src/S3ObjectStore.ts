import type { ObjectStoreConfig } from "@analytics/config/ObjectStoreConfig"
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  S3Client
} from "@aws-sdk/client-s3"
import { Effect, Layer, Option, Redacted, Stream } from "effect"
import { isObjectKey, keyOf, prefixOf } from "./ObjectKey.ts"
import {
  ObjectNotFound,
  ObjectStore,
  type ObjectStoreUnavailable
} from "./ObjectStore.ts"
import { asUnavailable, isMissing, type S3Bucket, s3Requests } from "./S3Bucket.ts"
import { upload } from "./s3Upload.ts"

/** In milliseconds. A reader may pause for longer than a server may be silent. */
const CONNECTING = 5_000
const SILENCE = 300_000
const LISTED_AT_ONCE = 1000

/** Objects of an S3-compatible bucket, all below one prefix. */
export const layerOf = (
  config: ObjectStoreConfig["Service"],
  { bucket, prefix }: Pick<S3Bucket, "bucket" | "prefix">
): Layer.Layer<ObjectStore> =>
  Layer.effect(
    ObjectStore,
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => connect(config)),
        (client) => Effect.sync(() => client.destroy())
      ),
      (client) =>
        make(s3Requests({ client, bucket, prefix, secrets: secretsOf(config) }))
    )
  )

const secretsOf = ({ credentials }: ObjectStoreConfig["Service"]) =>
  credentials === undefined
    ? []
    : [Redacted.value(credentials.accessKey), Redacted.value(credentials.secretKey)]

const connect = ({
  credentials,
  endpoint,
  pathStyle,
  region
}: ObjectStoreConfig["Service"]): S3Client =>
  new S3Client({
    region,
    forcePathStyle: pathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: Redacted.value(credentials.accessKey),
            secretAccessKey: Redacted.value(credentials.secretKey)
          }
        }),
    // Checksums in trailers are more than most S3-compatible servers know.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: CONNECTING, socketTimeout: SILENCE },
    maxAttempts: 4
  })

const make = (bucket: S3Bucket): ObjectStore["Service"] => {
  const name = (key: string) => ({ Bucket: bucket.bucket, Key: bucket.prefix + key })

  return ObjectStore.of({
    put: (key, body, options) =>
      Effect.suspend(() => upload(bucket, keyOf(key), body, options?.limit)).pipe(
        Effect.withSpan("ObjectStore.put", { attributes: { key } })
      ),
    get: (key, options) =>
      Stream.unwrap(
        Effect.gen(function* () {
          if (!isObjectKey(key)) return yield* new ObjectNotFound({ key })
          const offset = options?.offset ?? 0
          // Not ended with the effect: the body is read after it.
          const controller = new AbortController()
          yield* Effect.addFinalizer(() => Effect.sync(() => controller.abort()))
          const found = yield* bucket
            .send("get", key, (client) =>
              client.send(
                new GetObjectCommand({
                  ...name(key),
                  ...(offset > 0 ? { Range: `bytes=${offset}-` } : {})
                }),
                { abortSignal: controller.signal }
              )
            )
            .pipe(
              Effect.map(Option.some),
              Effect.catch((error) =>
                // From its end on there is nothing.
                error.status === 416
                  ? Effect.succeed(Option.none())
                  : Effect.fail(
                      isMissing(error)
                        ? new ObjectNotFound({ key })
                        : asUnavailable(error)
                    )
              )
            )
          if (Option.isNone(found)) return Stream.empty
          const { Body: content } = found.value
          return content === undefined
            ? Stream.empty
            : Stream.fromReadableStream<Uint8Array, ObjectStoreUnavailable>({
                evaluate: () => content.transformToWebStream(),
                onError: (cause) => asUnavailable(bucket.failed("get", key, cause))
              })
        })
      ),
    head: Effect.fn("ObjectStore.head")(function* (key) {
      if (!isObjectKey(key)) return Option.none()
      return yield* bucket
        .send("head", key, (client, abortSignal) =>
          client.send(new HeadObjectCommand(name(key)), { abortSignal })
        )
        .pipe(
          Effect.map(({ ContentLength = 0, LastModified = new Date(0) }) =>
            Option.some({ key, bytes: ContentLength, modifiedAt: LastModified })
          ),
          Effect.catch((error) =>
            isMissing(error) ? Effect.succeed(Option.none()) : asUnavailable(error)
          )
        )
    }),
    list: (prefix) =>
      Stream.suspend(() => {
        const start = bucket.prefix + prefixOf(prefix)
        return Stream.paginate(Option.none<string>(), (token) =>
          bucket
            .send("list", prefix, (client, abortSignal) =>
              client.send(
                new ListObjectsV2Command({
                  Bucket: bucket.bucket,
                  Prefix: start,
                  MaxKeys: LISTED_AT_ONCE,
                  ContinuationToken: Option.getOrUndefined(token)
                }),
                { abortSignal }
              )
            )
            .pipe(
              Effect.mapError(asUnavailable),
              Effect.map(({ Contents = [], NextContinuationToken }) => {
                const found = Contents.map(
                  ({ Key = "", LastModified = new Date(0), Size = 0 }) => ({
                    key: Key.slice(bucket.prefix.length),
                    bytes: Size,
                    modifiedAt: LastModified
                  })
                )
                return [
                  found,
                  Option.map(Option.fromNullishOr(NextContinuationToken), Option.some)
                ] as const
              })
            )
        )
      }),
    remove: Effect.fn("ObjectStore.remove")(function* (key) {
      const named = name(keyOf(key))
      yield* bucket
        .send("remove", key, (client, abortSignal) =>
          client.send(new DeleteObjectCommand(named), { abortSignal })
        )
        .pipe(
          Effect.catch((error) =>
            isMissing(error) ? Effect.void : asUnavailable(error)
          ),
          Effect.asVoid
        )
    })
  })
}
