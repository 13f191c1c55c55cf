# `. docs/env.sh`, in the root and after `make start`: where the services of the local stack
# are, and the keys of its demo project. The samples of all pages begin with it.
eval "$("$(command -v node || command -v bun)" -e '
  const data = process.env.STACK_DATA ?? ".data"
  const { adminKey, demo, services } = JSON.parse(require("fs").readFileSync(`${data}/stack.json`))
  const values = {
    API: services["analytics-api"],
    INGEST: services["data-ingestion"],
    MODELS: services["ml-inference"],
    REPORTS: services["reporting-engine"],
    JOBS: services["batch-processor"],
    ADMIN: adminKey,            // makes projects
    PROJECT: demo?.projectId,
    WRITE: demo?.writeKey,      // sends events
    SECRET: demo?.secretKey     // asks questions
  }
  for (const name in values) console.log(`export ${name}=${values[name] ?? ""}`)
')"

# ask BODY [curl's flags]: a question to the demo project.
ask() {
  question=$1
  shift
  curl -s "$API/v1/query" -H "authorization: Bearer $SECRET" \
    -H 'content-type: application/json' -d "$question" "$@"
}

# in_days N: the instant N days from now, -N days ago.
in_days() { "$(command -v node || command -v bun)" -p "new Date(Date.now() + $1 * 864e5).toISOString()"; }
