import { Context, Deferred, Exit, Layer } from "effect"

interface Times {
  /** `performance.now()`, once it has begun. */
  at: number | undefined
  readonly began: Deferred.Deferred<void>
  readonly ended: Deferred.Deferred<void>
}

/** When which piece of work began and ended; all in this process. */
export class Begun extends Context.Service<
  Begun,
  {
    begun(id: string): Times
    begin(id: string): void
    end(id: string): void
  }
>()("@analytics/bench/jobs/Begun") {
  static readonly layer = Layer.sync(Begun, () => {
    const all = new Map<string, Times>()
    const begun = (id: string): Times => {
      const known = all.get(id)
      if (known !== undefined) return known
      const times: Times = {
        at: undefined,
        began: Deferred.makeUnsafe(),
        ended: Deferred.makeUnsafe()
      }
      all.set(id, times)
      return times
    }
    return Begun.of({
      begun,
      begin: (id) => {
        const times = begun(id)
        times.at ??= performance.now()
        Deferred.doneUnsafe(times.began, Exit.void)
      },
      end: (id) => void Deferred.doneUnsafe(begun(id).ended, Exit.void)
    })
  })
}
