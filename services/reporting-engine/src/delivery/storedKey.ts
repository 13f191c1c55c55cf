import { createHash } from "node:crypto"
import { keyOf } from "@analytics/object-store/ObjectKey"

/**
 * Where a message's files go in the object store: the same for every attempt, apart from
 * other messages and other projects, sorted by time.
 */
export const storedKey = (
  projectId: number,
  prefix: string,
  { about, createdAt }: { readonly about: string; readonly createdAt: Date }
): string => {
  const at = createdAt.toISOString().slice(0, 19).replaceAll(":", "")
  const name = createHash("sha256").update(about).digest("hex").slice(0, 16)
  return keyOf(`report-deliveries/${projectId}/${prefix}/${at}-${name}`)
}
