import { type Alias, aliases, type DesiredModel } from "../registry/DesiredModels.ts"
import type { ServedVersion } from "./ServedVersion.ts"
import { ModelNotReady, ModelUnknown, type ServingTarget } from "./Serving.ts"

/** Who answers, and who is asked beside it. */
export interface Choice {
  readonly version: ServedVersion
  readonly shadow: ServedVersion | undefined
}

/** One model with its versions here, and which of them an alias means. */
export class ServedModel {
  desired: DesiredModel
  /** Versions that run or are to run, by number. */
  readonly versions = new Map<number, ServedVersion>()
  /** Why a version that is to run is not even started. */
  readonly parked = new Map<number, string>()
  readonly #byAlias = new Map<Alias, ServedVersion>()

  constructor(desired: DesiredModel) {
    this.desired = desired
  }

  /**
   * Lets each alias mean its version as soon as that is ready; until then the one that it
   * meant before answers. Gives the versions that nobody needs any more.
   */
  settle(): ReadonlyArray<ServedVersion> {
    for (const alias of aliases) {
      const number = this.desired.aliases[alias]
      const wanted = number === undefined ? undefined : this.versions.get(number)
      const before = this.#byAlias.get(alias)
      if (number === undefined) this.#byAlias.delete(alias)
      else if (
        wanted !== undefined &&
        (wanted.state === "READY" || before === undefined)
      )
        this.#byAlias.set(alias, wanted)
    }
    const needed = new Set(this.#byAlias.values())
    return [...this.versions.values()].filter(
      (it) =>
        this.desired.versions.get(it.desired.version)?.id !== it.desired.id &&
        !needed.has(it)
    )
  }

  /** No request reaches this version from now on. */
  remove(version: ServedVersion): void {
    if (this.versions.get(version.desired.version) === version)
      this.versions.delete(version.desired.version)
    for (const [alias, meant] of this.#byAlias)
      if (meant === version) this.#byAlias.delete(alias)
  }

  /** The version that a request is for. */
  choose({ entity, version }: ServingTarget): Choice | ModelUnknown | ModelNotReady {
    if (version !== undefined) {
      const found = this.find(version)
      return "_tag" in found ? found : { version: found, shadow: undefined }
    }
    const champion = this.#champion()
    if (champion === undefined)
      return new ModelNotReady({
        detail: `model "${this.desired.name}" has neither a champion nor a version that is ready`,
        retryAfter: 1
      })
    const challenger = this.#byAlias.get("challenger")
    const chosen =
      challenger?.state === "READY" && this.#isChallenged(entity)
        ? challenger
        : champion
    const shadow = this.#byAlias.get("shadow")
    return {
      version: chosen,
      shadow: shadow?.state === "READY" && shadow !== chosen ? shadow : undefined
    }
  }

  /** The version of this number as a URL has it. */
  find(version: string): ServedVersion | (ModelUnknown | ModelNotReady) {
    const number = /^[1-9]\d{0,9}$/u.test(version) ? Number(version) : Number.NaN
    const found = this.versions.get(number)
    if (found !== undefined) return found
    const reason = this.parked.get(number)
    const named = `version ${version} of model "${this.desired.name}"`
    return reason === undefined
      ? new ModelUnknown({ detail: `${named} is not loaded, or there is none` })
      : new ModelNotReady({
          detail: `${named} is not ready: ${reason}`,
          retryAfter: 60
        })
  }

  /** The champion; of a model without one, the newest version that is ready. */
  #champion(): ServedVersion | undefined {
    const champion = this.#byAlias.get("champion")
    if (champion !== undefined || this.desired.aliases.champion !== undefined)
      return champion
    return [...this.versions.values()]
      .filter(({ state }) => state === "READY")
      .sort((one, other) => other.desired.version - one.desired.version)[0]
  }

  /** The same entity always falls on the same side while the percentage stays. */
  #isChallenged(entity: string | undefined): boolean {
    const { challengerPercent, name } = this.desired
    const percent =
      entity === undefined
        ? 100 * Math.random()
        : (Bun.hash.xxHash32(`${name}\n${entity}`) % 10_000) / 100
    return percent < challengerPercent
  }
}
