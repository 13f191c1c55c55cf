import { Option, Schema, Struct } from "effect"
import { parseRange } from "./IpAddress.ts"

/** The longest text of settings, in bytes of JSON: every key of the project carries it. */
export const MOST_SETTINGS_BYTES = 32 * 1024

const text = (longest: number) =>
  Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(longest))

const list = <S extends Schema.Top>(item: S, most: number) =>
  Schema.Array(item).check(Schema.isMaxLength(most))

/** What is kept of a visitor's address: `truncate` leaves a /24 of IPv4, a /48 of IPv6. */
export const IpPolicy = Schema.Literals(["keep", "truncate", "hash", "drop"]).annotate({
  description:
    "What is kept of a visitor's address. truncate: a /24 of IPv4, a /48 of IPv6; hash: a keyed hash, without a country; drop: nothing."
})
export type IpPolicy = typeof IpPolicy.Type

/** `anonymise` leaves what happened, and nothing of who. */
const Response = Schema.Literals(["anonymise", "drop"])

export const Consent = Schema.Struct({
  doNotTrack: Schema.Literals(["ignore", "anonymise", "drop"]).annotate({
    description: "For requests with `DNT: 1` or `Sec-GPC: 1`."
  }),
  required: list(text(100), 20).annotate({
    description:
      "Categories of `context.consent.categoryPreferences` of which every one must be true.",
    examples: [["analytics"]]
  }),
  withoutConsent: Response,
  whenUnknown: Schema.Literals(["allow", "deny"]).annotate({
    description: "For events that say nothing about a required category."
  })
})
export type Consent = typeof Consent.Type

const AddressRange = text(49).check(
  Schema.makeFilter((range) =>
    parseRange(range) === undefined
      ? "Expected an address or a CIDR range such as 10.0.0.0/8 or 2001:db8::/32"
      : undefined
  )
)

/** See `data-processing/settings/Glob`. */
const Glob = text(200).annotate({ examples: ["/admin/**"] })

const Value = Schema.Union([text(500), Schema.Finite, Schema.Boolean])

export const ValuedProperty = Schema.Struct({
  property: text(500).annotate({
    description:
      "A path in `properties`, or `user.internal` (trait), `context.app.name`.",
    examples: ["internal", "user.internal"]
  }),
  equals: Value
})

/** Events that are dropped and counted. Whatever matches one entry is out. */
export const Exclusions = Schema.Struct({
  addresses: list(AddressRange, 200),
  userAgents: list(text(200), 50).annotate({
    description: "Parts of the user agent, without regard to case."
  }),
  hosts: list(Glob, 50).annotate({
    description: "Hosts of pages; `*` is any run of characters.",
    examples: [["localhost", "*.staging.example.com"]]
  }),
  paths: list(Glob, 50).annotate({
    description: "Paths of pages; `*` stays within a segment, `**` does not.",
    examples: [["/admin/**"]]
  }),
  properties: list(ValuedProperty, 20).annotate({
    description: "Internal traffic by its mark.",
    examples: [[{ property: "internal", equals: true }]]
  }),
  userIds: list(text(500), 500),
  emailDomains: list(text(253), 50).annotate({
    description: "Of `email` in traits or properties, or of a userId that is one."
  })
})
export type Exclusions = typeof Exclusions.Type

const Count = Schema.Int.check(
  Schema.isBetween({ minimum: 1, maximum: 1_000_000_000_000 })
)

/** Null is the installation's own limit, or none. */
export const Limits = Schema.Struct({
  eventsPerSecond: Schema.NullOr(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))
  ).annotate({ description: "Above it events wait in the bulk lane." }),
  monthlyEvents: Schema.NullOr(Count).annotate({
    description: "Above it, in a calendar month of UTC, events wait in the bulk lane."
  }),
  monthlyHardLimit: Schema.NullOr(Count).annotate({
    description: "At it requests are answered 429 until the month ends."
  })
})
export type Limits = typeof Limits.Type

export const PropertyType = Schema.Literals([
  "string",
  "number",
  "integer",
  "boolean",
  "array",
  "object"
])
export type PropertyType = typeof PropertyType.Type

const SchemaName = text(500)

/** What an event is expected to carry. Paths are those of questions: `cart.items`. */
export const ExpectedEvent = Schema.Struct({
  required: Schema.optionalKey(list(SchemaName, 100)),
  properties: Schema.optionalKey(
    Schema.Record(
      SchemaName,
      Schema.Union([PropertyType, list(PropertyType, PropertyType.literals.length)])
    ).check(Schema.isMaxProperties(100))
  )
})
export type ExpectedEvent = typeof ExpectedEvent.Type

/** From silent to strict; `observe` counts, `warn` also tells the sender. */
const Mode = Schema.Literals(["observe", "warn", "quarantine"])
export type SchemaMode = typeof Mode.Type

export const EventSchema = Schema.Struct({
  mode: Mode.annotate({
    description:
      "observe: counted; warn: and named in the answer to the sender; quarantine: and kept aside until a replay."
  }),
  unknownEvents: Schema.Literals(["allow", ...Mode.literals]).annotate({
    description: "For tracks whose name is not listed."
  }),
  events: Schema.Record(text(1000), ExpectedEvent).check(Schema.isMaxProperties(500))
})
export type EventSchema = typeof EventSchema.Type

/** Null keeps them for ever. */
export const Retention = Schema.Struct({
  days: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 36_500 })).annotate({
    description:
      "Events that happened longer ago are removed by the next `retain` job; 24 hours each."
  })
})
export type Retention = typeof Retention.Type

/** How the events of a project are received, and how long they are kept. */
export const ProjectSettings = Schema.Struct({
  ip: IpPolicy,
  consent: Consent,
  exclusions: Exclusions,
  limits: Limits,
  schema: EventSchema,
  retention: Schema.NullOr(Retention)
})
export type ProjectSettings = typeof ProjectSettings.Type

export const defaultSettings: ProjectSettings = {
  ip: "truncate",
  consent: {
    doNotTrack: "ignore",
    required: [],
    withoutConsent: "drop",
    whenUnknown: "allow"
  },
  exclusions: {
    addresses: [],
    userAgents: [],
    hosts: [],
    paths: [],
    properties: [],
    userIds: [],
    emailDomains: []
  },
  limits: { eventsPerSecond: null, monthlyEvents: null, monthlyHardLimit: null },
  schema: { mode: "observe", unknownEvents: "allow", events: {} },
  retention: null
}

/** Sections that are absent stay as they are; `null` sets one back to its default. */
const patch = <S extends Schema.Top>(section: S) =>
  Schema.optionalKey(Schema.NullOr(section))

export const SettingsPatch = Schema.Struct({
  ip: patch(IpPolicy),
  consent: patch(Consent.mapFields(Struct.map(Schema.optionalKey))),
  exclusions: patch(Exclusions.mapFields(Struct.map(Schema.optionalKey))),
  limits: patch(Limits.mapFields(Struct.map(Schema.optionalKey))),
  schema: patch(EventSchema.mapFields(Struct.map(Schema.optionalKey))),
  retention: patch(Retention)
})
export type SettingsPatch = typeof SettingsPatch.Type

/** The settings after a change: field by field within a section, lists as a whole. */
export const patchSettings = (
  settings: ProjectSettings,
  change: SettingsPatch
): ProjectSettings => {
  const { consent, exclusions, ip, limits, retention, schema } = change
  const base = defaultSettings
  return {
    ip: ip === undefined ? settings.ip : (ip ?? base.ip),
    consent: consent === null ? base.consent : { ...settings.consent, ...consent },
    exclusions:
      exclusions === null ? base.exclusions : { ...settings.exclusions, ...exclusions },
    limits: limits === null ? base.limits : { ...settings.limits, ...limits },
    schema: schema === null ? base.schema : { ...settings.schema, ...schema },
    retention: retention === undefined ? settings.retention : retention
  }
}

/** Stored text, with the defaults of fields that it was written without. */
export const readSettings = (text: string): ProjectSettings | undefined => {
  const stored = Schema.decodeUnknownOption(StoredSettings)(text)
  return Option.isNone(stored)
    ? undefined
    : patchSettings(defaultSettings, stored.value)
}

const StoredSettings = Schema.fromJsonString(SettingsPatch)
