import {
  defaultRules,
  type ProjectRules,
  rulesOfText
} from "@analytics/data-processing/settings/ProjectRules"
import { Installation } from "@analytics/database/Installation"
import { Context, Effect, Layer, Redacted } from "effect"
import type { ProjectKey } from "../keys/ProjectKey.ts"

/**
 * The rules of each project's settings, made ready when a key is first used: a key that
 * changed is another object.
 */
export class RuleBook extends Context.Service<
  RuleBook,
  { of(key: ProjectKey): ProjectRules }
>()("@analytics/data-ingestion/receive/RuleBook") {
  static readonly layer = Layer.effect(
    RuleBook,
    Effect.gen(function* () {
      const secret = Redacted.value((yield* Installation).idHashKey)
      const run = Effect.runForkWith(yield* Effect.context<never>())
      const compiled = new WeakMap<ProjectKey, ProjectRules>()
      return RuleBook.of({
        of: (key) => {
          const { projectId, settings } = key
          if (settings === undefined || settings === null) return defaultRules
          const known = compiled.get(key)
          if (known !== undefined) return known
          const read = rulesOfText(settings, projectId, secret)
          if (read === undefined)
            run(
              Effect.logError(
                "the settings of a project cannot be read; its events follow the defaults"
              ).pipe(Effect.annotateLogs({ project_id: projectId }))
            )
          const rules = read ?? defaultRules
          compiled.set(key, rules)
          return rules
        }
      })
    })
  )
}
