import { Schema } from "effect"

/** Columns of the event store that hold plain text, `''` when there is none. */
const builtIns = {
  $event: "event",
  $type: "type",
  $browser: "browser",
  $os: "os",
  $device: "device",
  $country: "country",
  $referrer_domain: "referrer_domain",
  $channel: "channel",
  $utm_source: "utm_source",
  $utm_medium: "utm_medium",
  $utm_campaign: "utm_campaign",
  $utm_term: "utm_term",
  $utm_content: "utm_content",
  $path: "path"
} as const

/** Built-ins as queries name them. */
export const builtInNames: ReadonlyArray<string> = Object.keys(builtIns)

export type BuiltInColumn = (typeof builtIns)[keyof typeof builtIns]

/** What a property path of a request points at. `path` is a key of the stored maps. */
export type Property =
  | { readonly of: "built-in"; readonly column: BuiltInColumn }
  | { readonly of: "event"; readonly path: string }
  | { readonly of: "context"; readonly path: string }
  | { readonly of: "user"; readonly path: string }
  | { readonly of: "group"; readonly type: string; readonly path: string }

export const PropertyPath = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isMaxLength(1000)
).annotate({
  description:
    "A path in `properties` (`cart.items`; a dot inside a name is `\\.`), or `user.plan` (trait), `context.page.path`, `group.<type>.plan`, or a built-in: $event, $type, $browser, $os, $device, $country, $referrer_domain, $channel, $utm_source, $utm_medium, $utm_campaign, $utm_term, $utm_content, $path",
  examples: ["plan", "cart.items", "user.plan", "$browser"]
})

/** Total: what is no prefix and no built-in is a path in the event's properties. */
export const parseProperty = (text: string): Property => {
  if (isBuiltIn(text)) return { of: "built-in", column: builtIns[text] }
  const [head, rest] = splitAtDot(text)
  if (rest === "") return { of: "event", path: text }
  if (head === "user") return { of: "user", path: rest }
  if (head === "context") return { of: "context", path: rest }
  if (head === "group") {
    const [type, path] = splitAtDot(rest)
    if (path !== "") return { of: "group", type: unescapeName(type), path }
  }
  return { of: "event", path: text }
}

const isBuiltIn = (text: string): text is keyof typeof builtIns =>
  Object.hasOwn(builtIns, text)

/** Cuts at the first dot that no backslash precedes. */
const splitAtDot = (text: string): readonly [string, string] => {
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") at++
    else if (text[at] === ".") return [text.slice(0, at), text.slice(at + 1)]
  }
  return [text, ""]
}

const unescapeName = (name: string): string => name.replace(/\\(.)/gsu, "$1")
