import { unstorableIn } from "@analytics/database/unstorable"
import { Context, Effect, Layer, Schema } from "effect"
import { Analytics } from "../analytics/Analytics.ts"
import type { AnalyticsProblem } from "../analytics/AnalyticsProblems.ts"
import { ReportInvalid } from "../definitions/DefinitionProblems.ts"
import {
  type Definition,
  Locale,
  TimeZone,
  Title
} from "../definitions/ReportDefinition.ts"
import { dataQuality } from "./dataQuality.ts"
import { looksOf } from "./Looks.ts"
import { retention } from "./retention.ts"
import { revenue } from "./revenue.ts"
import type { Template } from "./Template.ts"
import { weeklyProduct } from "./weeklyProduct.ts"

export const templates: ReadonlyArray<Template> = [
  weeklyProduct,
  revenue,
  retention,
  dataQuality
]

/** What a template is told, as text. */
const MOST_TEXT = 1000

const isZone = Schema.is(TimeZone)
const isLocale = Schema.is(Locale)
const isTitle = Schema.is(Title)

/** What is wrong with a parameter of any template. */
const fault = (name: string, value: unknown): string | undefined => {
  if (
    typeof value !== "string" ||
    value === "" ||
    value.length > MOST_TEXT ||
    unstorableIn(value) !== undefined
  )
    return `Expected text of 1 to ${MOST_TEXT} characters, without U+0000 and lone surrogates`
  if (name === "title" && !isTitle(value)) return "Expected at most 200 characters"
  if (name === "timezone" && !isZone(value)) return "Expected an IANA time zone"
  if (name === "locale" && !isLocale(value)) return "Expected a BCP 47 language tag"
  return undefined
}

/** Reports that come with the product. */
export class Templates extends Context.Service<
  Templates,
  {
    /** The definition of one as it fits what the project has. */
    definition(
      projectId: number,
      template: string,
      parameters: Readonly<Record<string, unknown>>
    ): Effect.Effect<Definition, ReportInvalid | AnalyticsProblem>
  }
>()("@analytics/reporting-engine/templates/Templates") {
  static readonly layer = Layer.effect(
    Templates,
    Effect.gen(function* () {
      const analytics = yield* Analytics
      return Templates.of({
        definition: Effect.fn("Templates.definition")(
          function* (projectId, id, parameters) {
            const template = templates.find((it) => it.id === id)
            if (template === undefined)
              return yield* ReportInvalid.at(
                "/template",
                `Expected one of ${templates.map((it) => it.id).join(", ")}`
              )
            for (const [name, value] of Object.entries(parameters)) {
              if (!template.parameters.some((it) => it.name === name))
                return yield* ReportInvalid.at(
                  `/parameters/${name.slice(0, 100)}`,
                  `Expected one of ${template.parameters.map((it) => it.name).join(", ")}`
                )
              const expected = fault(name, value)
              if (expected !== undefined)
                return yield* ReportInvalid.at(`/parameters/${name}`, expected)
            }
            const found = yield* analytics.catalogue(projectId)
            return yield* template.make(
              found,
              (name) => {
                const value = parameters[name]
                return typeof value === "string" ? value : undefined
              },
              looksOf(analytics, projectId, found)
            )
          }
        )
      })
    })
  )
}
