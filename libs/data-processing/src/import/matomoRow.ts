import type { Row } from "../readers/Row.ts"
import type { Mapped } from "./Mapped.ts"
import { matomoRequest } from "./matomoRequest.ts"
import { matomoVisit } from "./matomoVisit.ts"

/**
 * A row of Matomo's history: a visit of its Live API (`Live.getLastVisitsDetails`, one
 * visit a line), or a line of the access log of the server that took tracking requests.
 */
export const matomoRow = (row: Row, file: string): Mapped =>
  Object.hasOwn(row.fields, "actionDetails") || Object.hasOwn(row.fields, "idVisit")
    ? matomoVisit(row)
    : matomoRequest(row, file)
