import { conformanceSuite } from "./conformance/suite.ts";
import { workerdRuntime } from "./start-workerd.ts";

conformanceSuite(workerdRuntime);
