import * as Kind from "./Kind.ts"
import { defaulted, type Process } from "./Variable.ts"

const of: ReadonlyArray<Process> = ["ml-inference"]

/** Of the processes that serve models. */
export const mlVariables = {
  ML_INFERENCE_URL: defaulted(Kind.url, "http://127.0.0.1:4002", {
    of: ["analytics-api", "batch-processor", "reporting-engine", "cli"],
    description: "Where models are kept and asked, and series forecast."
  }),
  ML_MAX_MODEL_SIZE: defaulted(Kind.byteSize, "512 MiB", {
    of,
    description: "Largest file of a model."
  }),
  ML_MAX_REQUEST_SIZE: defaulted(Kind.byteSize, "32 MiB", {
    of,
    description:
      "Largest body of an inference, packed and unpacked. Eight as large may be answered at once."
  }),
  ML_CACHE_DIR: defaulted(Kind.text, ".data/ml-cache", {
    of,
    description:
      "Folder in which a process keeps the files of the models that it serves; its own, and it may be lost."
  }),
  ML_CACHE_SIZE: defaulted(Kind.byteSize, "4 GiB", {
    of,
    description:
      "What is kept there; files that no served model needs go first, and those that one needs stay."
  }),
  ML_EXECUTOR_MEMORY: defaulted(Kind.byteSize, "2 GiB", {
    of,
    description:
      "Data segment of the process that runs one model; a version may ask for less. One that asks for more ends."
  }),
  ML_LOAD_TIMEOUT: defaulted(Kind.duration, "30 seconds", {
    of,
    description: "How long a model may take to load."
  }),
  ML_START_TIMEOUT: defaulted(Kind.duration, "45 seconds", {
    of,
    description:
      "How long `/readyz` of a process that starts waits at most until each model that is to be ready was tried once. Two are loaded at a time. The local stack gives a service a minute."
  }),
  ML_RUN_TIMEOUT: defaulted(Kind.duration, "10 seconds", {
    of,
    description:
      "How long a model may take for one run; then its process is killed. A version may ask for less."
  }),
  ML_MAX_LOADED: defaulted(Kind.wholeNumber({ minimum: 1, maximum: 10_000 }), "64", {
    of,
    description: "Versions that may be ready at once; the next one is refused with 409."
  }),
  ML_MAX_INSTANCES: defaulted(Kind.wholeNumber({ minimum: 1, maximum: 64 }), "4", {
    of,
    description: "Processes that one version may ask for."
  }),
  ML_QUEUE_ROWS: defaulted(
    Kind.wholeNumber({ minimum: 1, maximum: 1_000_000 }),
    "4096",
    {
      of,
      description:
        "Rows that may wait for one version, unless it says so itself; more are answered with 429."
    }
  ),
  ML_ADMISSIONS: defaulted(Kind.wholeNumber({ minimum: 1, maximum: 64 }), "2", {
    of,
    description: "New versions that are tried at once; as many again wait."
  }),
  ML_LOG_EVENTS: defaulted(
    Kind.wholeNumber({ minimum: 1, maximum: 10_000_000 }),
    "50000",
    {
      of,
      description:
        "Predictions that may wait to be logged as events, of one project half of them; more are dropped and counted."
    }
  ),
  ML_LOG_SIZE: defaulted(Kind.byteSize, "32 MiB", {
    of,
    description: "The same in bytes."
  }),
  ML_LOG_INTERVAL: defaulted(Kind.duration, "1 second", {
    of,
    description: "How long a prediction may wait for others to be logged with."
  }),
  ML_LOG_PATIENCE: defaulted(Kind.duration, "10 minutes", {
    of,
    description:
      "How long predictions are sent again while data-ingestion is away; then they are dropped and counted."
  })
}
