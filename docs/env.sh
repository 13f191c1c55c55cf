# `. docs/env.sh`, in the root and after `make start`: where the services of the local stack
# are, and the keys of its demo project. The samples of all pages begin with it.
stack() { node -p "require(require('path').resolve('${STACK_DATA:-.data}/stack.json'))$1"; }

API=$(stack '.services["analytics-api"]')
INGEST=$(stack '.services["data-ingestion"]')
MODELS=$(stack '.services["ml-inference"]')
REPORTS=$(stack '.services["reporting-engine"]')
JOBS=$(stack '.services["batch-processor"]')
ADMIN=$(stack .adminKey)           # makes projects
PROJECT=$(stack .demo.projectId)
WRITE=$(stack .demo.writeKey)      # sends events
SECRET=$(stack .demo.secretKey)    # asks questions
export API INGEST MODELS REPORTS JOBS ADMIN PROJECT WRITE SECRET

# ask BODY [curl's flags]: a question to the demo project.
ask() {
  question=$1
  shift
  curl -s "$API/v1/query" -H "authorization: Bearer $SECRET" \
    -H 'content-type: application/json' -d "$question" "$@"
}
