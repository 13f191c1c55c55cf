import type { Values } from "./NativeEvent.ts"

/** Any event, with any properties. */
export interface AnyEvents {
  readonly [event: string]: Values
}

/** Who did it, and what is only known of this one event. */
export interface About {
  readonly userId?: string | number
  readonly anonymousId?: string | number
  readonly groupId?: string | number
  readonly groupType?: string
  readonly context?: Values
  /** When it happened, if that is not now. */
  readonly timestamp?: Date | string | number
  /** For what is told twice: the same id is stored once. */
  readonly messageId?: string
}

/** Properties may be left out where none is required. */
export type TrackArguments<P> =
  Record<never, never> extends P
    ? [properties?: P, about?: About]
    : [properties: P, about?: About]

/**
 * Sends events of the names and properties that `Events` tells, such as
 * `interface Events { "Order Completed": { revenue: number } }`.
 *
 * Every method that makes an event gives its `messageId`; none throws.
 */
export interface Client<Events> {
  readonly track: <Name extends keyof Events & string>(
    event: Name,
    ...rest: TrackArguments<Events[Name]>
  ) => string
  readonly page: (name?: string, properties?: object, about?: About) => string
  readonly screen: (name?: string, properties?: object, about?: About) => string
  readonly identify: (userId: string | number, traits?: object, about?: About) => string
  readonly group: (groupId: string | number, traits?: object, about?: About) => string
  /** `previousId` was `userId` all along. */
  readonly alias: (
    userId: string | number,
    previousId: string | number,
    about?: About
  ) => string
  /** `denied` gives up what waits and forgets what the device keeps. */
  readonly consent: (choice: "granted" | "denied") => void
  /** Of a device: somebody else uses it from now on. */
  readonly reset: () => void
  /** Sends what waits; false if that was not done within so many milliseconds. */
  readonly flush: (timeout?: number) => Promise<boolean>
  /** Sends what waits, takes nothing more, and gives up the rest after `timeout`. */
  readonly close: (timeout?: number) => Promise<void>
  /** Events that were made and are not sent yet. */
  readonly waiting: () => number
  /** Events that the service does not have and will not get; `onError` was told. */
  readonly dropped: () => number
}
