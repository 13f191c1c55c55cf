/**
 * The path of a request, without its query. Elysia's own `path` begins at the first slash
 * behind the eleventh character of the URL, as if every `Host` had four characters; and
 * where `Host` is empty or no host, the URL that Bun gives is the path alone.
 */
export const pathOf = ({ url }: Request): string =>
  /^(?:https?:\/\/[^/?#]*)?(?<path>[^?#]*)/u.exec(url)?.groups?.["path"] || "/"
