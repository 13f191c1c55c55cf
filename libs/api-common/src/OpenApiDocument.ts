import { toOpenAPISchema } from "@elysiajs/openapi"
import { Predicate } from "effect"
import { type AnyElysia, Elysia } from "elysia"
import * as Problem from "./Problem.ts"

export interface About {
  readonly title: string
  readonly version: string
  readonly description: string
}

type Json = Record<string, unknown>

/** The OpenAPI 3.1 document of an application, made from the schemas of its routes. */
export const documentOf = (app: AnyElysia, info: About): Json => {
  const { paths } = toOpenAPISchema(
    readingJson(app),
    // Paths with a dot are protocols of others, too.
    { staticFile: false },
    [],
    {},
    "3.1.1"
  )
  return {
    openapi: "3.1.1",
    info,
    paths: tidied(paths),
    components: {
      securitySchemes: {
        key: {
          type: "http",
          scheme: "bearer",
          description: "A key of a project, or the admin key where that is said"
        }
      }
    }
  }
}

/** `jsonBody` reads every body, but to the generator a parser function says nothing. */
const readingJson = (app: AnyElysia): AnyElysia => {
  const copy = new Elysia()
  const routes = app.routes.map((route) => ({
    ...route,
    hooks: { ...route.hooks, parse: [{ fn: "json" }] }
  }))
  return Object.assign(copy, { getGlobalRoutes: () => routes })
}

/**
 * What the generator cannot know: problems have a media type of their own, and a schema
 * inside a document names no dialect.
 */
const tidied = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(tidied)
  if (!Predicate.isObject(node)) return node
  const copy: Json = {}
  for (const [key, value] of Object.entries(node)) {
    if (key === "$schema") continue
    copy[key] = /^[45]\d\d$/.test(key) ? problemResponse(value) : tidied(value)
  }
  return copy
}

const problemResponse = (response: unknown): unknown => {
  const copy = tidied(response)
  if (!Predicate.isObject(copy)) return copy
  const content: unknown = Reflect.get(copy, "content")
  if (!Predicate.hasProperty(content, "application/json")) return copy
  const media = content["application/json"]
  if (isForm(media)) return copy
  const description = titlesIn(media).join("; or: ")
  return {
    ...copy,
    ...(description === "" ? {} : { description }),
    content: { [Problem.contentType]: media }
  }
}

/** A protocol of others has a form of its own for what fails: `{"error": "…"}`. */
const isForm = (media: unknown): boolean =>
  Predicate.hasProperty(media, "schema") &&
  Predicate.hasProperty(media.schema, "properties") &&
  Predicate.hasProperty(media.schema.properties, "error")

/** The titles of the problems that a response may hold. */
const titlesIn = (node: unknown): ReadonlyArray<string> => {
  if (Array.isArray(node)) return node.flatMap(titlesIn)
  if (!Predicate.isObject(node)) return []
  return Object.entries(node).flatMap(([key, value]) =>
    key === "title" && Predicate.hasProperty(value, "enum") && Array.isArray(value.enum)
      ? value.enum.filter(Predicate.isString)
      : titlesIn(value)
  )
}
