export { assertDocumented, type Document, readDocument } from "./assert-documented.ts";
export { API_KEY, setUpHttp } from "./http-setup.ts";
export { MUSTS } from "./rfc-9725.ts";
export { writeBroadcast } from "./scripted-broadcasts.ts";
export { type ScriptedNode, startScriptedNode } from "./scripted-node.ts";
export { sdpRequests } from "./sdp-requests.ts";
