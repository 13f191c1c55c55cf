/** Controls, marks that turn the direction of text, and what no file system takes. */
const unsafe =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff<>:"/\\|?*]/gu

/** UTF-8 bytes of a name, that its date and extension fit into 255 besides. */
const MOST_BYTES = 160

const graphemes = new Intl.Segmenter("en")

/** Whole graphemes of the text that fit. */
const cut = (text: string): string => {
  let kept = ""
  for (const { segment } of graphemes.segment(text)) {
    if (Buffer.byteLength(kept + segment) > MOST_BYTES) break
    kept += segment
  }
  return kept
}

/**
 * How a file is called where it is saved: `Weekly product report 2026-11-23.pdf`. A title
 * is whatever somebody wrote; the name is one file's in every system.
 */
export const downloadName = (
  title: string,
  asOf: Date,
  format: string,
  extension: string
): string => {
  const plain = cut(title.replace(unsafe, " ").replace(/\s+/gu, " ").trim()).replace(
    /^[.\s]+|[.\s]+$/gu,
    ""
  )
  const ending = extension === format ? extension : `${format}.${extension}`
  return `${plain === "" ? "report" : plain} ${asOf.toISOString().slice(0, 10)}.${ending}`
}

/** What RFC 8187 lets stand as it is. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(
    /['()*]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  )

/** `Content-Disposition` (RFC 6266), for clients that read the encoded name and others. */
export const contentDisposition = (
  kind: "inline" | "attachment",
  name: string
): string => {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^ -~]/gu, "_")
    .replace(/["\\%]/gu, "_")
  return `${kind}; filename="${plain}"; filename*=UTF-8''${encoded(name)}`
}
