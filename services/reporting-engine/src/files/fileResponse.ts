/** A file as an answer: never shown as anything else than it is, nor kept by strangers. */
export const fileResponse = (
  {
    bytes,
    mediaType,
    name
  }: { readonly bytes: Uint8Array; readonly mediaType: string; readonly name: string },
  headers: Readonly<Record<string, string>> = {}
): Response => {
  const isPage = mediaType.startsWith("text/html")
  return new Response(new Uint8Array(bytes), {
    headers: {
      "content-type": mediaType,
      "content-disposition": `${isPage ? "inline" : "attachment"}; filename="${name}"`,
      "cache-control": "private, no-store",
      "x-content-type-options": "nosniff",
      // The page brings everything with it and needs no script.
      "content-security-policy":
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox",
      ...headers
    }
  })
}
