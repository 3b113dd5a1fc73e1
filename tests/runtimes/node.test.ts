import { conformanceSuite } from "./conformance/suite.ts";
import { nodeRuntime } from "./start-node.ts";

conformanceSuite(nodeRuntime);
