import type { Question } from "./questions.ts"

/** Whom of `generate.ts` the questions are about: somebody usual, of two ids once there are links. */
export const who = 100_001

const own = (links: boolean) =>
  links
    ? `SELECT id_hash FROM person_links WHERE project_id = {project:UInt32}
         AND known_at <= {watermark:DateTime64(3, 'UTC')}
         AND id_hash IN (SELECT id_hash FROM person_links
           WHERE project_id = {project:UInt32} AND person = {person:UInt64})
       GROUP BY id_hash HAVING argMax(person, (known_at, version)) = {person:UInt64}
       UNION ALL SELECT {person:UInt64}`
    : "SELECT {person:UInt64}"

const theirs = (links: boolean) =>
  `project_id = {project:UInt32} AND known_at <= {watermark:DateTime64(3, 'UTC')}
   AND (event, toDate(timestamp), id_hash, timestamp) IN (
     SELECT event, toDate(timestamp), id_hash, timestamp FROM events
     WHERE project_id = {project:UInt32} AND id_hash IN (${own(links)}))`

/** One person; the SQL finds their events by the projection `p_timeline`. */
export const personQuestions: ReadonlyArray<Question> = [
  {
    name: "events: a person's newest 100",
    body: (person) => ({ kind: "events", person, limit: 100 }),
    sql: (links) => `SELECT event, type, timestamp, received_at, message_id, user_id,
        anonymous_id, props, context
      FROM events WHERE ${theirs(links)} AND is_bot = 0
        AND event NOT IN ('$identify', '$group', '$alias')
      ORDER BY timestamp DESC, message_id DESC LIMIT 100`
  },
  {
    name: "people: one profile",
    body: (person) => ({ kind: "people", person }),
    sql: (links) => `SELECT count(), min(timestamp), max(timestamp),
        groupUniqArray(user_id), groupUniqArray(anonymous_id),
        (SELECT groupArray((path, latest)) FROM (
          SELECT leaf.1 AS path, argMax(leaf.2, (timestamp, message_id)) AS latest
          FROM (SELECT timestamp, message_id,
              arrayJoin(CAST(props, 'Array(Tuple(String, String))')) AS leaf
            FROM events WHERE ${theirs(links)} AND event = '$identify')
          GROUP BY path)) AS traits
      FROM events WHERE ${theirs(links)}`
  }
]
