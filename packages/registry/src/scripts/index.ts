export { composeScript, SCRIPT_NAMES, type ScriptName } from "./lua/compose.ts";
export { heartbeatArguments } from "./to-arguments.ts";
