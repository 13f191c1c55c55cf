/**
 * Texts that clients send where an id should be, in lower case. They tie nobody to
 * anybody; case and outer blanks do not matter.
 */
export const placeholderIds: ReadonlyArray<string> = [
  "",
  "null",
  "undefined",
  "none",
  "nan",
  "nil",
  "[object object]",
  "anonymous",
  "guest",
  "unknown",
  "0",
  "-1",
  "true",
  "false",
  "00000000-0000-0000-0000-000000000000",
  "00000000000000000000000000000000",
  "{00000000-0000-0000-0000-000000000000}"
]
