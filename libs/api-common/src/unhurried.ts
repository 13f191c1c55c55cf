interface Asked {
  readonly request: Request
  readonly server: {
    readonly timeout?: (request: Request, seconds: number) => void
  } | null
}

/**
 * `beforeHandle` of a route that takes longer than a connection may be idle: its request
 * has been read by then, and its program has a time of its own.
 */
export const unhurried = ({ request, server }: Asked): void =>
  server?.timeout?.(request, 0)
