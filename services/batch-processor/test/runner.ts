import { serve, teardown } from "@analytics/api-common/Serve"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Layer } from "effect"
import { makeApp } from "../src/App.ts"
import { JobTypes } from "../src/jobs/JobTypes.ts"
import { AppLive, StoresLive } from "../src/main.ts"
import { testTypes } from "./testTypes.ts"

const TypesLive = JobTypes.layer(testTypes).pipe(Layer.provide(StoresLive))
const live = AppLive.pipe(Layer.provideMerge(TypesLive))
NodeRuntime.runMain(serve(live, makeApp), { teardown })
