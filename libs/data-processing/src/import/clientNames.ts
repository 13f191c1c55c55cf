import type { JsonObject } from "../ExactJson.ts"

/** Other systems' names of browsers, and what a user agent would have been read as. */
const browsers: ReadonlyMap<string, string> = new Map([
  ["android", "Android Browser"],
  ["chrome", "Chrome"],
  ["chromium-webview", "Chrome"],
  ["crios", "Chrome"],
  ["edge", "Microsoft Edge"],
  ["edge-chromium", "Microsoft Edge"],
  ["edge-ios", "Microsoft Edge"],
  ["firefox", "Firefox"],
  ["fxios", "Firefox"],
  ["ios", "Safari"],
  ["ios-webview", "Safari"],
  ["mobile safari", "Safari"],
  ["opera", "Opera"],
  ["safari", "Safari"],
  ["samsung", "Samsung Internet for Android"],
  ["samsung browser", "Samsung Internet for Android"]
])

const systems: ReadonlyMap<string, string> = new Map([
  ["android os", "Android"],
  ["gnu/linux", "Linux"],
  ["mac", "macOS"],
  ["mac os", "macOS"]
])

const devices: ReadonlyMap<string, string> = new Map([
  ["laptop", "desktop"],
  ["ultra-wide", "desktop"]
])

interface Named {
  readonly browser?: string | undefined
  readonly browserVersion?: string | undefined
  readonly os?: string | undefined
  readonly osVersion?: string | undefined
  readonly device?: string | undefined
}

/**
 * `context.browser`, `.os` and `.device` by the names that live events have, so that an
 * answer over both has each browser once; a name that is not known stays as it is.
 */
export const clientIn = (named: Named): JsonObject => {
  const { browser, browserVersion, device, os, osVersion } = named
  const [, windows] = /^Windows ([\w.]+)$/.exec(os ?? "") ?? []
  const system = windows === undefined ? os : "Windows"
  const version = osVersion ?? windows
  const type = device?.toLowerCase()
  return {
    ...(browser !== undefined && {
      browser: {
        name: browsers.get(browser.toLowerCase()) ?? browser,
        ...(browserVersion !== undefined && { version: browserVersion })
      }
    }),
    ...(system !== undefined && {
      os: {
        name: systems.get(system.toLowerCase()) ?? system,
        ...(version !== undefined && { version })
      }
    }),
    ...(type !== undefined && { device: { type: devices.get(type) ?? type } })
  }
}
