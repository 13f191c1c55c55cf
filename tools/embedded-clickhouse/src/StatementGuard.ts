import { type Classification, type Connection, QueryClass } from "./Connection.ts"
import { engineError } from "./EngineError.ts"
import { type Token, tokens } from "./SqlLexer.ts"

/** Table functions that reach files, other hosts or programs. */
const outside = new Set(
  `file filecluster url urlcluster s3 s3cluster gcs gcscluster oss cosn hdfs hdfscluster
  azureblobstorage azureblobstoragecluster remote remotesecure cluster clusterallreplicas
  mysql postgresql mongodb redis sqlite jdbc odbc executable python arrowstream ytsaurus
  deltalake deltalakecluster deltalakes3 deltalakeazure deltalakelocal hudi hudicluster
  iceberg icebergs3 icebergazure iceberghdfs iceberglocal icebergcluster paimon paimons3
  paimonazure paimonhdfs paimonlocal arrowflight`.split(/\s+/)
)

const multiple = () =>
  engineError(62, "SYNTAX_ERROR", "Syntax error (Multi-statements are not allowed)")

const isName = (token: Token | undefined): token is Token =>
  token?.kind === "word" || token?.kind === "identifier"

/** Refusals that need no parser: a second statement, files, and the outside world. */
const guardText = (sql: string, readonly: boolean): void => {
  let previous: Token | undefined
  let ended = false
  for (const token of tokens(sql)) {
    if (ended) throw multiple()
    ended = token.kind === "symbol" && token.text === ";"
    if (token.kind === "word" && /^(OUTFILE|INFILE)$/i.test(token.text)) {
      if (previous?.kind === "word" && /^(INTO|FROM)$/i.test(previous.text)) {
        throw engineError(164, "READONLY", "OUTFILE and INFILE are refused")
      }
    }
    const opens = token.kind === "symbol" && token.text === "("
    if (readonly && opens && isName(previous)) {
      if (outside.has(previous.text.toLowerCase())) {
        throw engineError(
          164,
          "READONLY",
          `${previous.text}() is refused when readonly`
        )
      }
    }
    previous = token
  }
}

/**
 * One statement a request, and none that writes or reads files. The engine's own parser
 * has the last word on how many statements a text holds.
 */
export const guardStatement = (
  connection: Connection,
  sql: string,
  readonly: boolean
): Classification => {
  guardText(sql, readonly)
  const classification = connection.classify(sql)
  if (classification.statements > 1) throw multiple()
  const control = classification.queryClass === QueryClass.control
  if (control && /\b(OUTFILE|INFILE)\b/i.test(sql)) {
    throw engineError(164, "READONLY", "OUTFILE and INFILE are refused")
  }
  return classification
}

/** The same for an INSERT whose data comes apart: `head` ends before FORMAT. */
export const guardInsert = (
  connection: Connection,
  head: string,
  readonly: boolean
): void => {
  guardText(head, readonly)
  if (connection.classify(`${head} FORMAT Null`).statements > 1) throw multiple()
}
