import type { ProjectAccess } from "@analytics/api-common/access/Auth"
import { DeliveryConfig } from "@analytics/config/DeliveryConfig"
import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { ownerOf } from "../delivery/Channels.ts"
import { OutgoingHttp } from "../delivery/OutgoingHttp.ts"
import { newSigningSecret } from "../delivery/webhook/webhookRequest.ts"
import type { ReportsUnavailable } from "../ReportsUnavailable.ts"
import {
  type Channel,
  type DestinationAnswer,
  type DestinationChange,
  DestinationConflict,
  DestinationInvalid,
  DestinationNotFound,
  type DestinationWithSecret,
  Hidden,
  MAX_DESTINATIONS,
  type NewDestination,
  type Settings
} from "./Destination.ts"
import { DestinationRepo, type DestinationRow } from "./DestinationRepo.ts"
import { addressOf, isAllowed, refusalOf } from "./recipients.ts"
import { Secrets } from "./Secrets.ts"

type Asking<A, E = never> = Effect.Effect<A, E | ReportsUnavailable>
type Owner = Pick<ProjectAccess, "projectId" | "actor">

/** Fields that a kind of destination has besides its name. */
const fieldsOf: Readonly<Record<Channel, keyof DestinationChange>> = {
  email: "addresses",
  slack: "url",
  webhook: "url",
  store: "prefix"
}

/** Where messages of a project may go. */
export class Destinations extends Context.Service<
  Destinations,
  {
    create(
      owner: Owner,
      made: NewDestination
    ): Asking<DestinationWithSecret, DestinationInvalid | DestinationConflict>
    get(owner: Owner, id: string): Asking<DestinationAnswer, DestinationNotFound>
    list(
      owner: Owner,
      page: { readonly after: string | undefined; readonly limit: number }
    ): Asking<{
      readonly destinations: ReadonlyArray<DestinationAnswer>
      readonly nextCursor: string | null
    }>
    change(
      owner: Owner,
      id: string,
      change: DestinationChange
    ): Asking<
      DestinationAnswer,
      DestinationInvalid | DestinationConflict | DestinationNotFound
    >
    remove(
      owner: Owner,
      id: string
    ): Asking<void, DestinationConflict | DestinationNotFound>
    /** A webhook's new secret; the one before signs too until it is retired. */
    rotate(
      owner: Owner,
      id: string
    ): Asking<DestinationWithSecret, DestinationConflict | DestinationNotFound>
    retire(
      owner: Owner,
      id: string
    ): Asking<DestinationAnswer, DestinationConflict | DestinationNotFound>
  }
>()("@analytics/reporting-engine/destinations/Destinations") {
  static readonly layer = Layer.effect(
    Destinations,
    Effect.gen(function* () {
      const { recipients } = yield* DeliveryConfig
      const http = yield* OutgoingHttp
      const repo = yield* DestinationRepo
      const secrets = yield* Secrets
      const hiddenOf = Schema.decodeUnknownEffect(Schema.fromJsonString(Hidden))

      const addresses = Effect.fnUntraced(function* (given: ReadonlyArray<string>) {
        const errors: Array<{ pointer: string; detail: string }> = []
        const kept = new Set<string>()
        given.forEach((text, at) => {
          const address = addressOf(text)
          const pointer = `/addresses/${at}`
          if (address === undefined)
            errors.push({ pointer, detail: "Expected one address: name@example.com." })
          else if (isAllowed(recipients, address)) kept.add(address)
          else errors.push({ pointer, detail: refusalOf(address) })
        })
        if (errors[0] !== undefined)
          return yield* new DestinationInvalid({ detail: errors[0].detail, errors })
        return [...kept]
      })
      const checkedUrl = Effect.fnUntraced(function* (url: string) {
        const refusal = yield* http.refusal(url)
        if (refusal !== undefined) return yield* DestinationInvalid.at("/url", refusal)
        return new URL(url).host
      })
      const sealed = ({ projectId }: Owner, id: string, hidden: Hidden) =>
        secrets.seal(ownerOf(projectId, id), Redacted.make(JSON.stringify(hidden)))
      /** None: it was sealed with another key. */
      const opened = ({ projectId }: Owner, row: DestinationRow) =>
        secrets.open(ownerOf(projectId, row.id), row.secret ?? "").pipe(
          Effect.flatMap((text) => hiddenOf(Redacted.value(text))),
          Effect.option
        )
      const found = Effect.fnUntraced(function* ({ projectId }: Owner, id: string) {
        const row = yield* repo.byId(projectId, id)
        return yield* Effect.fromOption(row).pipe(
          Effect.mapError(() => new DestinationNotFound({ destinationId: id }))
        )
      })
      const updated = Effect.fnUntraced(function* (
        { projectId }: Owner,
        row: DestinationRow,
        change: Parameters<typeof repo.update>[2]
      ) {
        const changed = yield* repo.update(projectId, row, change)
        return yield* Effect.fromOption(changed).pipe(
          Effect.mapError(
            () =>
              new DestinationConflict({
                detail: "Somebody else changed it just now; read it again."
              })
          )
        )
      })
      /** What is kept of what was given; nothing of it is what was given before. */
      const kept = Effect.fnUntraced(function* (
        owner: Owner,
        id: string,
        given: Omit<DestinationChange, "name">,
        signing: ReadonlyArray<string> | undefined
      ): Effect.fn.Return<
        { settings: Settings; secret: string | null },
        DestinationInvalid
      > {
        if (given.addresses !== undefined)
          return {
            settings: { addresses: yield* addresses(given.addresses) },
            secret: null
          }
        if (given.url !== undefined) {
          const host = yield* checkedUrl(given.url)
          const hidden = {
            url: given.url,
            ...(signing === undefined ? {} : { signing })
          }
          return { settings: { host }, secret: sealed(owner, id, hidden) }
        }
        return { settings: { prefix: given.prefix ?? "" }, secret: null }
      })
      const webhook = Effect.fnUntraced(function* (owner: Owner, id: string) {
        const row = yield* found(owner, id)
        const hidden = yield* opened(owner, row)
        if (row.kind !== "webhook" || Option.isNone(hidden))
          return yield* new DestinationConflict({
            detail:
              row.kind === "webhook"
                ? "Its secret cannot be read with this REPORTING_SECRET: set its URL anew."
                : "Only webhooks have signing secrets."
          })
        return { row, hidden: hidden.value }
      })

      return Destinations.of({
        create: Effect.fn("Destinations.create")(function* (
          owner,
          { kind, name, ...given }
        ) {
          const id = Bun.randomUUIDv7()
          const secret = kind === "webhook" ? newSigningSecret() : undefined
          const signing = secret === undefined ? undefined : [secret]
          const stored = yield* kept(owner, id, given, signing)
          const { actor: createdBy, projectId } = owner
          const row = yield* repo.insert(projectId, {
            id,
            kind,
            name,
            ...stored,
            createdBy
          })
          if (Option.isNone(row))
            return yield* new DestinationConflict({
              detail: `A project has at most ${MAX_DESTINATIONS} destinations; delete some.`
            })
          return {
            ...shown(row.value),
            ...(secret === undefined ? {} : { signingSecret: secret })
          }
        }),
        get: Effect.fn("Destinations.get")((owner, id) =>
          Effect.map(found(owner, id), shown)
        ),
        list: Effect.fn("Destinations.list")(function* (
          { projectId },
          { after, limit }
        ) {
          const rows = yield* repo.page(projectId, after, limit + 1)
          const page = rows.slice(0, limit)
          return {
            destinations: page.map(shown),
            nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null
          }
        }),
        change: Effect.fn("Destinations.change")(function* (owner, id, change) {
          const row = yield* found(owner, id)
          const { name = row.name, ...given } = change
          const its = fieldsOf[row.kind]
          const wrong = Object.keys(given).find((field) => field !== its)
          if (wrong !== undefined)
            return yield* DestinationInvalid.at(
              `/${wrong}`,
              `A destination of kind ${row.kind} has ${its} alone.`
            )
          if (Object.keys(given).length === 0)
            return shown(yield* updated(owner, row, { name }))
          const before = yield* opened(owner, row)
          const signing =
            row.kind !== "webhook"
              ? undefined
              : Option.match(before, {
                  onSome: (it) => it.signing ?? [newSigningSecret()],
                  onNone: () => [newSigningSecret()]
                })
          const stored = yield* kept(owner, id, given, signing)
          return shown(yield* updated(owner, row, { name, ...stored }))
        }),
        remove: Effect.fn("Destinations.remove")(function* ({ projectId }, id) {
          const { removed, usedBy } = yield* repo.remove(projectId, id)
          if (usedBy.length > 0)
            return yield* new DestinationConflict({
              detail: `It is still named by ${usedBy.join(", ")}.`
            })
          if (!removed) return yield* new DestinationNotFound({ destinationId: id })
        }),
        rotate: Effect.fn("Destinations.rotate")(function* (owner, id) {
          const { hidden, row } = yield* webhook(owner, id)
          const signingSecret = newSigningSecret()
          const signing = [signingSecret, ...(hidden.signing ?? [])].slice(0, 2)
          const secret = sealed(owner, id, { ...hidden, signing })
          return { ...shown(yield* updated(owner, row, { secret })), signingSecret }
        }),
        retire: Effect.fn("Destinations.retire")(function* (owner, id) {
          const { hidden, row } = yield* webhook(owner, id)
          const signing = (hidden.signing ?? []).slice(0, 1)
          const secret = sealed(owner, id, { ...hidden, signing })
          return shown(yield* updated(owner, row, { secret }))
        })
      })
    })
  )
}

const shown = (row: DestinationRow): DestinationAnswer => {
  const { createdAt, createdBy, id, kind, name, settings, updatedAt } = row
  return { id, kind, name, ...settings, createdBy, createdAt, updatedAt }
}
