import { builtinModules } from "node:module";
import { dirname, join } from "node:path/posix";
import type { Workspace } from "./workspaces.ts";

/**
 * Which of ours a package may import, as written in the import: `@fairlead/bus` is its root, where the port is;
 * `@fairlead/bus/memory` an adapter, which only apps choose.
 */
const ALLOWED: Record<string, readonly string[]> = {
  "@fairlead/protocol": [],
  "@fairlead/telemetry": [],
  "@fairlead/tickets": ["@fairlead/protocol"],
  "@fairlead/bus": ["@fairlead/protocol"],
  "@fairlead/registry": ["@fairlead/protocol"],
  "@fairlead/client": ["@fairlead/protocol"],
  "@fairlead/api-client": ["@fairlead/protocol"],
  "@fairlead/signaling": [
    "@fairlead/protocol",
    "@fairlead/tickets",
    "@fairlead/telemetry",
    "@fairlead/bus",
    "@fairlead/registry",
  ],
  "@fairlead/segments": ["@fairlead/protocol"],
  "@fairlead/hls": ["@fairlead/protocol", "@fairlead/telemetry", "@fairlead/segments"],
  "@fairlead/mediasoup-worker": ["@fairlead/protocol", "@fairlead/telemetry"],
  // The apps' processes on Node have this in common, the choice of adapters by URL included.
  "@fairlead/server-process": [
    "@fairlead/protocol",
    "@fairlead/tickets",
    "@fairlead/telemetry",
    "@fairlead/telemetry/pino",
    "@fairlead/telemetry/prometheus",
    "@fairlead/bus",
    "@fairlead/bus/nats-tcp",
    "@fairlead/bus/nats-websocket",
    "@fairlead/registry",
    "@fairlead/registry/redis",
    "@fairlead/registry/upstash",
    // How it reads an address.
    "@fairlead/signaling",
  ],
  // Bundles the app, which is no import.
  "@fairlead/cloudflare": [],
  "@fairlead/redis-rest": ["@fairlead/protocol", "@fairlead/server-process"],
};

/** The one app that is made of apps. */
const STANDALONE = "apps/standalone";
const BUILTINS = new Set(builtinModules);
/** Every test may import these, which are declared once at the root. */
const TEST_TOOLS = new Set(["vitest", "fast-check"]);

/** A test, or what only tests use: that stands in a folder `testing`. */
export function isTest(path: string): boolean {
  return /\.test\.tsx?$|\/testing\//.test(path);
}

/**
 * @param path Of the importing file, from the root.
 * @param specifier As written.
 * @returns What is wrong with it, or null.
 */
export function faultOfImport(
  from: Workspace,
  path: string,
  specifier: string,
  workspaces: readonly Workspace[],
): string | null {
  if (specifier.startsWith(".")) return faultOfRelative(from, path, specifier);
  if (specifier.startsWith("node:") || BUILTINS.has(specifier)) return faultOfBuiltin(from, path);
  const name = packageOf(specifier);
  const target = workspaces.find((workspace) => workspace.name === name);
  return (target && faultOfOwn(from, target, path, specifier)) ?? faultOfUndeclared(from, path, name);
}

function faultOfRelative(from: Workspace, path: string, specifier: string): string | null {
  const target = join(dirname(path), specifier);
  if (!target.startsWith(`${from.folder}/`)) return `leaves ${from.folder}; import the package by its name`;
  return isTest(target) && !isTest(path) ? "only tests use what is for tests" : null;
}

/** Tests run on Node; packages may run anywhere. */
function faultOfBuiltin(from: Workspace, path: string): string | null {
  const mayKnowNode = !from.folder.startsWith("packages/") || isTest(path);
  return mayKnowNode ? null : "only apps know their runtime";
}

function faultOfOwn(from: Workspace, target: Workspace, path: string, specifier: string): string | null {
  if (target.name === from.name) return null;
  if (target.folder.startsWith("apps/"))
    return from.folder === STANDALONE ? null : "nobody imports an app but standalone and the tests";
  if (from.folder.startsWith("apps/")) return null;
  if (isTest(path) && !target.folder.startsWith("deploy/")) return null;
  const allowed = ALLOWED[from.name];
  if (!allowed) return `${from.name} has no rule yet: say in import-rules.ts what it may import`;
  return allowed.includes(specifier)
    ? null
    : `${from.name} may import of ours: ${allowed.join(", ") || "nothing"}`;
}

function faultOfUndeclared(from: Workspace, path: string, name: string): string | null {
  if (name === from.name || from.dependencies.has(name)) return null;
  // Types are gone at run time, and so may stand with the development dependencies.
  if (
    from.devDependencies.has(name) ||
    (isTest(path) && (TEST_TOOLS.has(name) || name.startsWith("@fairlead/")))
  )
    return null;
  return `${name} is not in ${from.folder}/package.json`;
}

/** @returns `@scope/name` or `name`, without a subpath. */
export function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
