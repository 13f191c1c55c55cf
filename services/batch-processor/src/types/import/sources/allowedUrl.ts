import type { ObjectStoreConfig } from "@analytics/config/ObjectStoreConfig"
import { isObjectKey } from "@analytics/object-store/ObjectKey"

/** Where an allowed URL leads. */
export type Place =
  | { readonly kind: "https"; readonly url: URL }
  | { readonly kind: "s3"; readonly bucket: string; readonly key: string }

/** Why a URL is not read, for whoever gave it. */
export class UrlRefused extends Error {}

export interface Allowed {
  readonly hosts: ReadonlyArray<string>
  readonly buckets: ReadonlyArray<string>
}

/** Where the installation keeps files of all projects, which are nobody's to import. */
export type OwnStore = ObjectStoreConfig["Service"]["place"]

/** @throws {UrlRefused} */
export const placeOf = (given: string, allowed: Allowed, own: OwnStore): Place => {
  if (!URL.canParse(given)) throw new UrlRefused("It is not a URL.")
  return given.startsWith("s3://")
    ? objectOf(given, allowed.buckets, own)
    : { kind: "https", url: httpsOf(new URL(given), allowed.hosts) }
}

/** @throws {UrlRefused} */
export const httpsOf = (url: URL, hosts: ReadonlyArray<string>): URL => {
  if (url.protocol !== "https:")
    throw new UrlRefused("Only `https://` and `s3://` are read.")
  if (url.username !== "" || url.password !== "")
    throw new UrlRefused("A URL here must not hold a user name or a password.")
  const isAllowed = hosts.some((given) => {
    const host = URL.parse(`https://${given}`)
    return host?.hostname === url.hostname && host.port === url.port
  })
  if (!isAllowed)
    throw new UrlRefused(
      `BATCH_IMPORT_HOSTS does not allow ${url.host}: add it there, or upload the file.`
    )
  return url
}

const objectOf = (
  given: string,
  buckets: ReadonlyArray<string>,
  own: OwnStore
): Place => {
  const [, bucket = "", key = ""] = /^s3:\/\/([^/]*)\/(.+)$/u.exec(given) ?? []
  if (!isObjectKey(key))
    throw new UrlRefused(
      "Give it as `s3://bucket/key`, the key of letters, digits, `.`, `_`, `=` and `-` between slashes."
    )
  if (!buckets.includes(bucket))
    throw new UrlRefused(
      `BATCH_IMPORT_BUCKETS does not allow ${bucket}: add it there, or upload the file.`
    )
  if (own.kind === "bucket" && own.bucket === bucket && key.startsWith(own.prefix))
    throw new UrlRefused(
      "It lies in the object store of the installation, below OBJECT_STORE_URL: upload the file, or put it elsewhere."
    )
  return { kind: "s3", bucket, key }
}
