import { Dispatcher } from "./Dispatcher.ts"
import type { About, AnyEvents, Client } from "./Events.ts"
import type { NativeEvent, Values } from "./NativeEvent.ts"
import { Outbox, type Waiting, waiting } from "./Outbox.ts"
import type { ClientOptions, Consent, Trouble } from "./options.ts"
import { Person } from "./Person.ts"
import { hasDocument, platform as native } from "./Platform.ts"

/** 32 hexadecimal digits; `randomUUID` is only there on pages of HTTPS. */
const makeId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")

/** A client of one project; see `ClientOptions` and `Client`. */
export const createClient = <
  Events extends { readonly [Name in keyof Events]: object } = AnyEvents
>(
  options: ClientOptions
): Client<Events> => {
  const { key, onError } = options
  const isDevice = (options.mode ?? (hasDocument() ? "device" : "server")) === "device"
  const platform = { ...native, ...options.platform }
  const base = options.url.replace(/\/+$/, "")
  const flushAt = options.flushAt ?? 20
  const flushInterval = options.flushInterval ?? 1000
  const person = new Person(isDevice ? options.store : undefined, key, makeId)
  let consent: Consent = options.consent ?? (isDevice ? "pending" : "granted")
  let dropped = 0
  let isClosed = false
  let stopTimer: (() => void) | undefined

  const outbox = new Outbox({
    events: options.maxQueue ?? 10_000,
    bytes: options.maxQueueBytes ?? 16 * 1024 * 1024,
    drop: options.drop ?? "oldest"
  })

  const tell = (troubles: ReadonlyArray<Trouble>) => {
    for (const trouble of troubles) {
      dropped += trouble.events.length
      try {
        onError?.(trouble)
      } catch {
        // What a program makes of it must not stop the events of others.
      }
    }
  }

  const keep = () => {
    if (isDevice && consent === "granted")
      person.keep(outbox.size === 0 ? undefined : outbox.text)
  }

  const deny = () => {
    consent = "denied"
    outbox.clear()
    person.forget()
  }

  const dispatcher = new Dispatcher({
    outbox,
    target: {
      // Plain text to a path with the key in it needs no preflight.
      url: isDevice ? `${base}/w/${encodeURIComponent(key)}/n` : `${base}/v1/events`,
      headers: isDevice
        ? { "content-type": "text/plain" }
        : { "content-type": "application/json", authorization: `Bearer ${key}` },
      timeout: options.timeout ?? 10_000,
      keepalive: isDevice
    },
    pace: {
      maxBatch: options.maxBatch ?? 100,
      maxBatchBytes: options.maxBatchBytes ?? (isDevice ? 60_000 : 400_000),
      retries: options.retries ?? 10,
      backoff: options.backoff ?? 500,
      maxBackoff: options.maxBackoff ?? 60_000
    },
    platform,
    mayRun: () => consent === "granted" && platform.isOnline(),
    changed: (troubles) => {
      keep()
      tell(troubles)
    }
  })

  const run = () => {
    stopTimer?.()
    stopTimer = undefined
    return dispatcher.run()
  }

  const enter = (event: NativeEvent) => {
    let gone: ReadonlyArray<Waiting>
    try {
      gone = outbox.add(waiting(event))
    } catch (error) {
      tell([{ kind: "unusable", detail: String(error), events: [event] }])
      return
    }
    if (gone.length > 0)
      tell([
        {
          kind: "full",
          detail: "more events wait than may",
          events: gone.map((each) => each.event)
        }
      ])
  }

  const put = (event: NativeEvent) => {
    enter(event)
    keep()
    schedule()
  }

  const schedule = () => {
    if (outbox.idle === 0) return
    if (consent !== "granted") return
    if (outbox.idle >= flushAt) run()
    else stopTimer ??= platform.after(flushInterval, run)
  }

  const grant = () => {
    consent = "granted"
    if (!isDevice) return
    const left = person.adopt()
    if (person.anonymousId !== undefined) own(person.anonymousId)
    // Kept once, not after each: there may be thousands.
    for (const event of left) enter(event)
    keep()
    schedule()
  }

  /** Gives what waits without an id this one. */
  const own = (anonymousId: string) =>
    outbox.rewrite((event) => ({
      ...event,
      anonymousId: event.anonymousId ?? anonymousId
    }))

  /** The fields of every event, with nothing in them that is not known. */
  const common = (about: About) => {
    const userId = about.userId ?? person.userId
    const anonymousId = about.anonymousId ?? person.anonymousId
    const context = { ...options.context, ...about.context }
    return {
      messageId: about.messageId ?? makeId(),
      timestamp: timeOf(about.timestamp ?? new Date(platform.now())),
      ...(userId === undefined ? {} : { userId }),
      ...(anonymousId === undefined ? {} : { anonymousId }),
      ...(Object.keys(context).length === 0 ? {} : { context })
    }
  }

  const add = (event: NativeEvent & { readonly messageId: string }): string => {
    if (isClosed) {
      tell([{ kind: "closed", detail: "the client is closed", events: [event] }])
    } else if (consent !== "denied") {
      if (isDevice || event.userId !== undefined || event.anonymousId !== undefined)
        put(event)
      else
        tell([
          {
            kind: "unusable",
            detail: "userId or anonymousId is required: send at least one of them",
            events: [event]
          }
        ])
    }
    return event.messageId
  }

  const groupOf = ({ groupId, groupType }: About) => ({
    ...(groupId === undefined ? {} : { groupId }),
    ...(groupType === undefined ? {} : { groupType })
  })

  const flush = async (timeout = 30_000): Promise<boolean> => {
    const sent = run().then(() => outbox.size === 0)
    let cancel = () => {}
    const late = new Promise<boolean>((resolve) => {
      cancel = platform.after(timeout, () => resolve(false))
    })
    const isSent = await Promise.race([sent, late])
    cancel()
    return isSent
  }

  if (isDevice && person.hasOptedOut) consent = "denied"
  if (consent === "granted") grant()
  const unwatch = platform.watch(
    () => {
      dispatcher.hurry()
      run()
    },
    () => {
      if (isDevice) dispatcher.leave()
    },
    (stored) => {
      // Consent was withdrawn elsewhere on this device.
      if ((stored ?? person.name) === person.name && person.isForgotten) deny()
    }
  )

  return {
    track: (event, ...[properties, about = {}]) =>
      add({
        type: "track",
        event,
        ...groupOf(about),
        ...common(about),
        ...(properties === undefined ? {} : { properties: valuesOf(properties) })
      }),
    page: (name, properties, about = {}) =>
      add({ type: "page", ...seen(name, properties), ...common(about) }),
    screen: (name, properties, about = {}) =>
      add({ type: "screen", ...seen(name, properties), ...common(about) }),
    identify: (userId, traits, about = {}) => {
      if (isDevice && consent !== "denied") person.userId = userId
      return add({
        type: "identify",
        ...common({ ...about, userId }),
        ...known(traits)
      })
    },
    group: (groupId, traits, about = {}) =>
      add({
        type: "group",
        ...groupOf(about),
        ...common(about),
        ...known(traits),
        groupId
      }),
    alias: (userId, previousId, about = {}) =>
      add({ type: "alias", ...common(about), userId, previousId }),
    consent: (choice) => {
      if (choice === "granted") {
        grant()
        run()
        return
      }
      deny()
    },
    reset: () => {
      person.forget()
      if (consent === "granted") grant()
      // What the last person did must not become the next one's.
      else if (isDevice) own(makeId())
    },
    flush,
    close: async (timeout = 10_000) => {
      isClosed = true
      const isSent = await flush(timeout)
      dispatcher.end()
      unwatch()
      stopTimer?.()
      if (isSent || outbox.size === 0) return
      const events = outbox.events
      // A device that may keep them sends them when it runs again.
      if (isDevice && consent === "granted" && options.store !== undefined) return
      outbox.clear()
      tell([{ kind: "closed", detail: "the client was closed before", events }])
    },
    waiting: () => outbox.size,
    dropped: () => dropped
  }
}

/** A date that is none is left to the service, which keeps the event aside. */
const timeOf = (time: Date | string | number): string | number =>
  !(time instanceof Date)
    ? time
    : Number.isNaN(time.getTime())
      ? String(time)
      : time.toISOString()

const valuesOf = (values: object): Values => ({ ...values })

const known = (traits: object | undefined) =>
  traits === undefined ? {} : { traits: valuesOf(traits) }

const seen = (name: string | undefined, properties: object | undefined) => ({
  ...(name === undefined ? {} : { name }),
  ...(properties === undefined ? {} : { properties: valuesOf(properties) })
})
