import { serve, teardown } from "@analytics/api-common/Serve"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Layer } from "effect"
import { makeApp } from "../src/App.ts"
import { JobTypes } from "../src/jobs/JobTypes.ts"
import { AppLive } from "../src/main.ts"
import { testTypes } from "./testTypes.ts"

const live = AppLive.pipe(Layer.provideMerge(JobTypes.layer(testTypes)))
NodeRuntime.runMain(serve(live, makeApp), { teardown })
