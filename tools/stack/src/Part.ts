import { type Effect, Schema, type Scope } from "effect"

/** How a process ended. */
export interface ExitStatus {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface RunningPart {
  readonly pid: number
  readonly exited: Effect.Effect<ExitStatus>
}

/** One supervised thing of the stack. */
export interface Part {
  readonly name: string
  /** The port it listens on, if any. */
  readonly port: number | undefined
  /** Parts that must be ready before this one starts. */
  readonly needs: ReadonlyArray<string>
  readonly stopSignal: NodeJS.Signals
  /** Runs to its end and is then ready, instead of staying. */
  readonly once: boolean
  /** Starts it; the scope stops it. `onSpawn` is called as soon as a process exists. */
  readonly start: (
    onSpawn: (pid: number) => void
  ) => Effect.Effect<RunningPart, PartFailed, Scope.Scope>
  /** Ends when the part does its work. */
  readonly ready: Effect.Effect<void, NotReady>
}

/** A part cannot be started, or does not become ready; the message is for people. */
export class PartFailed extends Schema.TaggedError<PartFailed>()("PartFailed", {
  part: Schema.String,
  message: Schema.String
}) {}

/** What the last look at a part found. */
export class NotReady extends Schema.TaggedError<NotReady>()("NotReady", {
  message: Schema.String
}) {}

export const describeExit = ({ code, signal }: ExitStatus): string =>
  signal === null ? `exited with code ${code}` : `was ended by ${signal}`
