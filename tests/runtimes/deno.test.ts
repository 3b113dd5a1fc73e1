import { conformanceSuite } from "./conformance/suite.ts";
import { denoRuntime } from "./start-deno.ts";

conformanceSuite(denoRuntime);
