import { conformanceSuite } from "./conformance/suite.ts";
import { bunRuntime } from "./start-bun.ts";

conformanceSuite(bunRuntime);
