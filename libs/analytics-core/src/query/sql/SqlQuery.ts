import { Effect, Schema } from "effect"
import type { Compiled, QueryKind } from "../Compiled.ts"
import { render } from "../Sql.ts"
import { MAX_ROWS, SqlRequest, SqlResult, sqlExample } from "./SqlRequest.ts"
import { viewsSql } from "./views.ts"

/**
 * SQL of the project's own. What is compiled here is the views alone; the text of the
 * client goes beside them as `written` and is nothing but a value until the store's own
 * parser has read it and every part of it was found to be allowed.
 */
export const sqlQuery: QueryKind<SqlRequest, SqlResult> = {
  kind: "sql",
  request: SqlRequest,
  result: SqlResult,
  example: sqlExample,
  compile: (request, context) => {
    const views = render(viewsSql(context, request.includeBots ?? false))
    const limit = request.limit ?? MAX_ROWS
    return Effect.succeed<Compiled<SqlResult>>({
      statements: [
        {
          name: "sql",
          // Parameters of the client begin with a letter.
          sql: views.sql.replace(/\{(p\d+):/gu, "{_$1:"),
          params: Object.fromEntries(
            Object.entries(views.params).map(([name, value]) => [`_${name}`, value])
          ),
          written: {
            query: request.query,
            params: request.params ?? {},
            rows: limit + 1,
            projectId: context.projectId,
            watermark: context.watermark
          }
        }
      ],
      decode: ([answer = []]) => {
        const { columns, rows } = decodeAnswer(answer[0])
        return { columns, rows: rows.slice(0, limit), truncated: rows.length > limit }
      }
    })
  }
}

const decodeAnswer = Schema.decodeUnknownSync(
  Schema.Struct({ columns: SqlResult.fields.columns, rows: SqlResult.fields.rows })
)
