import { keepCompiled } from "@fairlead/server-process/keep-compiled";

keepCompiled();
const { runStandalone } = await import("./run-standalone.ts");
await runStandalone();
