import type { Effect } from "effect"
import type { Catalogue } from "../analytics/AnalyticsViews.ts"
import type { ReportInvalid } from "../definitions/DefinitionProblems.ts"
import type { Definition } from "../definitions/ReportDefinition.ts"
import type { Looks } from "./Looks.ts"

/** What a template may be told; what it is not told it finds in the catalogue. */
export interface TemplateParameter {
  readonly name: string
  readonly description: string
}

/** A report that comes with the product, as it fits what a project has. */
export interface Template {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly parameters: ReadonlyArray<TemplateParameter>
  readonly make: (
    found: Catalogue,
    told: (name: string) => string | undefined,
    looks: Looks
  ) => Effect.Effect<Definition, ReportInvalid>
}

/** Every template takes these. */
export const commonParameters: ReadonlyArray<TemplateParameter> = [
  { name: "title", description: "Title of the report" },
  { name: "range", description: "Range of its sections, such as last_week or last_4w" },
  { name: "timezone", description: "IANA; the project's without it" },
  { name: "locale", description: "BCP 47; en without it" }
]

/** What all of them say in the same words. */
export const head = (
  told: (name: string) => string | undefined,
  usual: { readonly title: string; readonly range: string }
): Pick<Definition, "title" | "range" | "timezone" | "locale" | "parameters"> => {
  const timezone = told("timezone")
  const locale = told("locale")
  return {
    title: told("title") ?? usual.title,
    range: { $parameter: "range" },
    parameters: [
      {
        name: "range",
        label: "Range",
        type: "range",
        default: told("range") ?? usual.range
      }
    ],
    ...(timezone === undefined ? {} : { timezone }),
    ...(locale === undefined ? {} : { locale })
  }
}
