import { conformanceSuite } from "./conformance/suite.ts";
import { lambdaRuntime } from "./lambda-function-url.ts";

conformanceSuite(lambdaRuntime);
