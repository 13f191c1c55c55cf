/**
 * Why a statement of a newer migration may break the release before it, which still runs when
 * the migration is applied; `undefined` when it only adds. `own` are the tables of newer
 * migrations, which that release does not know. What is not known to be an addition is one
 * that somebody has to look at.
 */
export const breaks = (
  statement: string,
  own: ReadonlySet<string>
): string | undefined => {
  const sql = statement
    .replaceAll(/--[^\n]*/g, "")
    .replaceAll(/\s+/g, " ")
    .trim()
  if (/^CREATE (TABLE|SCHEMA|TYPE|SEQUENCE|FUNCTION|(MATERIALIZED )?VIEW)\b/i.test(sql))
    return
  if (/^COMMENT ON\b/i.test(sql)) return
  const target = targetOf(sql)
  if (target !== undefined && own.has(target)) return
  if (/^CREATE INDEX\b/i.test(sql)) return
  const altered = /^ALTER TABLE (?:IF EXISTS )?\S+ (.*)$/i.exec(sql)?.[1]
  if (altered === undefined) return `is not known to be an addition: ${sql}`
  return actionsOf(altered)
    .filter((action) => !adds(action))
    .map((action) => `${action} changes what the release before reads or writes`)[0]
}

/** The table that a `CREATE TABLE` makes. */
export const madeBy = (statement: string): string | undefined =>
  /^\s*CREATE TABLE (?:IF NOT EXISTS )?([\w.]+)/im.exec(statement)?.[1]

const targetOf = (sql: string): string | undefined =>
  /^(?:ALTER TABLE(?: IF EXISTS)?|INSERT INTO|UPDATE) ([\w.]+)/i.exec(sql)?.[1] ??
  /^CREATE (?:UNIQUE )?INDEX .*? ON ([\w.]+)/i.exec(sql)?.[1] ??
  /^CREATE TRIGGER .*? ON ([\w.]+)/i.exec(sql)?.[1]

/** Commas between actions, not those inside of brackets. */
const actionsOf = (sql: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  let depth = 0
  let from = 0
  for (const [at, character] of [...sql].entries()) {
    if (character === "(") depth++
    if (character === ")") depth--
    if (character !== "," || depth > 0) continue
    found.push(sql.slice(from, at).trim())
    from = at + 1
  }
  return [...found, sql.slice(from).trim()]
}

/** Rows that the release before writes have no value for it. */
const adds = (action: string): boolean =>
  /^ADD (COLUMN|INDEX|PROJECTION|STATISTICS)\b/i.test(action) &&
  (!/\bNOT NULL\b/i.test(action) || /\bDEFAULT\b/i.test(action)) &&
  !/\b(UNIQUE|PRIMARY KEY|CHECK)\b/i.test(action)
