import { engineError } from "./EngineError.ts"
import { type RequestSettings, requestSettings } from "./RequestSettings.ts"
import { parseStatement, type Statement } from "./Statement.ts"

/** What a request asks for. */
export interface Work {
  readonly statement: Statement
  readonly settings: RequestSettings
}

/** Form fields (`query`, `param_*`) stand beside those of the URL. */
const readForm = async (
  contentType: string,
  bytes: Uint8Array<ArrayBuffer>,
  parameters: URLSearchParams
): Promise<void> => {
  const form = await new Response(bytes, { headers: { "Content-Type": contentType } })
    .formData()
    .catch(() => {
      throw engineError(36, "BAD_ARGUMENTS", "The form cannot be read")
    })
  for (const [name, value] of form) {
    if (typeof value !== "string" || !/^(query$|param_)/.test(name)) {
      throw engineError(48, "NOT_IMPLEMENTED", `Form field ${name}`)
    }
    parameters.set(name, value)
  }
}

/** Reads a request whose body has been received. Throws what is wrong with it. */
export const readWork = async (
  request: Request,
  parameters: URLSearchParams,
  body: Uint8Array<ArrayBuffer>
): Promise<Work> => {
  const contentType = request.headers.get("content-type") ?? ""
  const isForm = contentType.startsWith("multipart/form-data")
  if (isForm) await readForm(contentType, body, parameters)
  const settings = requestSettings(request.method, parameters, request.headers)
  const statement = parseStatement(
    parameters.get("query") ?? "",
    isForm ? new Uint8Array(0) : body
  )
  return { statement, settings }
}
