import { readFile } from "node:fs/promises"
import { extname, resolve, sep } from "node:path"
import MarkdownIt from "markdown-it"

const types: Readonly<Record<string, string>> = {
  ".md": "text/html; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png"
}

const markdown = MarkdownIt({ linkify: false })

/** A page of docs/, or a picture of one, for the links of the notebooks. */
export const docsPage = async (
  repository: string,
  path: string
): Promise<
  { readonly type: string; readonly body: string | Uint8Array } | undefined
> => {
  const docs = resolve(repository, "docs")
  const file = resolve(
    repository,
    `.${decodeURIComponent(new URL(path, "http://a").pathname)}`
  )
  const type = types[extname(file)]
  if (type === undefined || !file.startsWith(docs + sep)) return undefined
  const body = await readFile(file).catch(() => undefined)
  if (body === undefined || extname(file) !== ".md") return body && { type, body }
  const text = body.toString("utf8")
  const title = /^# (.+)$/mu.exec(text)?.[1] ?? "Documentation"
  return { type, body: page(title, markdown.render(text)) }
}

const page = (title: string, content: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${markdown.utils.escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>
body { font: 17px/1.5 ui-serif, serif; margin: 2rem auto; max-width: 46rem; padding: 0 1rem }
pre, table { overflow-x: auto; display: block; font-size: 14px }
td, th { border: 1px solid #8886; padding: 4px 8px; text-align: left; vertical-align: top }
table { border-collapse: collapse }
</style>
</head>
<body><main><p><a href="/">Notebooks</a></p>${content}</main></body>
</html>`
