export { composeScript, SCRIPT_NAMES, type ScriptName } from "./compose.ts";
export { heartbeatArguments } from "./to-arguments.ts";
