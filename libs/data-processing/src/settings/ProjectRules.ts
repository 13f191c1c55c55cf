import {
  defaultSettings,
  type Limits,
  type ProjectSettings,
  readSettings
} from "@analytics/analytics-core/settings/ProjectSettings"
import type { DropReason, InboxEvent, Violation } from "../InboxEvent.ts"
import { type AddressRule, addressRuleOf } from "./AddressRule.ts"
import { anonymous } from "./Anonymous.ts"
import { consentRuleOf } from "./ConsentRule.ts"
import { shapeRuleOf } from "./EventShape.ts"
import { exclusionOf } from "./Exclusion.ts"

/** What the request says about its visitor. */
export interface Visitor {
  /** Whole, before any policy. */
  readonly ip: string | undefined
  readonly userAgent: string | undefined
  /** `DNT: 1` or `Sec-GPC: 1`. */
  readonly optedOut: boolean
}

/** A violation that the sender is to be told. */
export interface Warning {
  readonly messageId: string
  readonly reason: string
}

/** The settings of a project, made ready once, applied to every event. */
export interface ProjectRules {
  /** The address of a request as the project keeps it. */
  readonly address: AddressRule
  /** Whether some rule needs to know whether the visitor opted out. */
  readonly asksVisitor: boolean
  readonly limits: Limits
  /**
   * The event as it is to be kept: with less of an address, without its person, with a
   * mark that drops it or sets it aside. Its `ip` has been through `address` already if
   * it is the request's own.
   */
  apply(event: InboxEvent, visitor: Visitor, warnings: Array<Warning>): InboxEvent
  /** The event judged by the schema of expected events alone, as a replay does. */
  expect(event: InboxEvent, warnings: Array<Warning>): InboxEvent
}

/** @param key the installation's secret, for hashed addresses */
export const rulesOf = (
  settings: ProjectSettings,
  projectId: number,
  key: Uint8Array
): ProjectRules => {
  const address = addressRuleOf(settings.ip, projectId, key)
  const keepsAddresses = settings.ip === "keep"
  const exclusion = exclusionOf(settings.exclusions)
  const consent = consentRuleOf(settings.consent)
  const shape = shapeRuleOf(settings.schema)
  const expect = expecting(shape)
  const withAddress = (event: InboxEvent): InboxEvent =>
    keepsAddresses || event.c?.["ip"] === undefined
      ? event
      : readdressed(event, address)
  const common = {
    address,
    asksVisitor: consent !== undefined,
    limits: settings.limits,
    expect
  }

  if (exclusion === undefined && consent === undefined && shape === undefined)
    return { ...common, apply: withAddress }

  return {
    ...common,
    apply: (event, visitor, warnings) => {
      const own = event.c?.["ip"]
      const ip = typeof own === "string" && own !== "" ? own : visitor.ip
      const excluded = exclusion?.(event, ip, visitor.userAgent)
      if (excluded !== undefined) return dropped(event, excluded)
      let kept = event
      const objection = consent?.(event, visitor.optedOut)
      if (objection !== undefined) {
        const nobody = objection.response === "drop" ? undefined : anonymous(event)
        if (nobody === undefined) return dropped(event, objection.reason)
        kept = nobody
      }
      kept = withAddress(kept)
      return kept.q === undefined ? expect(kept, warnings) : kept
    }
  }
}

const expecting =
  (shape: ReturnType<typeof shapeRuleOf>): ProjectRules["expect"] =>
  (event, warnings) => {
    const misfit = shape?.(event)
    if (misfit === undefined) return event
    const { mode, violations } = misfit
    const detail = detailOf(event.e, violations)
    if (mode === "warn") warnings.push({ messageId: event.m, reason: detail })
    return mode === "quarantine"
      ? { ...event, q: "schema_mismatch", qd: detail, w: violations }
      : { ...event, w: violations }
  }

/** The rules of settings as analytics-api publishes them; `undefined` if unreadable. */
export const rulesOfText = (
  text: string,
  projectId: number,
  key: Uint8Array
): ProjectRules | undefined => {
  const settings = readSettings(text)
  return settings && rulesOf(settings, projectId, key)
}

/** Of projects that never changed anything. */
export const defaultRules: ProjectRules = rulesOf(
  defaultSettings,
  0,
  new Uint8Array(16)
)

/** `Order Completed: revenue missing; currency expected string, got number`. */
const detailOf = (name: string, violations: ReadonlyArray<Violation>): string =>
  `${name}: ${violations.map(([property, problem]) => `${property} ${problem}`.trim()).join("; ")}`

/** Only what is needed to count it and to answer for it. */
const dropped = ({ e, k, m, p, r, t, y }: InboxEvent, x: DropReason): InboxEvent => ({
  p,
  m,
  t,
  r,
  ...(k === undefined ? undefined : { k }),
  y,
  e,
  x
})

/** `context.ip`, and `ip` where it is the same. */
const readdressed = (event: InboxEvent, address: AddressRule): InboxEvent => {
  const sent = event.c?.["ip"]
  const own = typeof sent === "string" && sent !== ""
  const kept = own ? address(sent) : undefined
  if (kept !== undefined) return { ...event, c: { ...event.c, ip: kept }, ip: kept }
  const { ip: _, ...context } = event.c ?? {}
  const { ip: requestIp, ...rest } = event
  return own || requestIp === undefined
    ? { ...rest, c: context }
    : { ...rest, c: context, ip: requestIp }
}
