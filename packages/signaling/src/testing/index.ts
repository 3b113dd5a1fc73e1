export { type CuttableBus, cuttable } from "./cuttable-bus.ts";
export { type ScriptedNode, startScriptedNode } from "./scripted-node.ts";
