import { placeholderIds } from "@analytics/analytics-core/identity/placeholderIds"

const placeholders: ReadonlySet<string> = new Set(placeholderIds)

const LONGEST = 38

/**
 * Whether `id` is a placeholder: case and outer blanks do not matter. Events with one
 * stand alone and never link.
 */
export const isPlaceholder = (id: string): boolean => {
  const first = id.charCodeAt(0)
  const last = id.charCodeAt(id.length - 1)
  // Blanks are rare; most ids are decided by their length.
  const trimmed =
    first <= 32 || first >= 128 || last <= 32 || last >= 128 ? id.trim() : id
  return trimmed.length <= LONGEST && placeholders.has(trimmed.toLowerCase())
}
