import { describe, expect, it } from "vitest";
import { faultOfImport, isTest, packageOf } from "./import-rules.ts";
import { importsOf, runtimeGlobalsOf } from "./source-text.ts";
import { listSources, listWorkspaces, readSource, type Workspace } from "./workspaces.ts";

const workspaces = listWorkspaces();
const named = (name: string): Workspace => {
  const found = workspaces.find((workspace) => workspace.name === name);
  if (!found) throw new Error(`no workspace ${name}`);
  return found;
};

describe("imports between packages", () => {
  it.each(workspaces.map((workspace) => [workspace.folder, workspace] as const))(
    "%s keeps the rules",
    (folder, workspace) => {
      const faults = listSources(`${folder}/src`).flatMap((path) =>
        importsOf(readSource(path)).flatMap((specifier) => {
          const fault = faultOfImport(workspace, path, specifier, workspaces);
          return fault ? [`${path} imports "${specifier}": ${fault}`] : [];
        }),
      );
      expect(faults).toEqual([]);
    },
  );

  it("packages know neither their runtime nor its environment", () => {
    const faults = workspaces
      .filter(({ folder }) => folder.startsWith("packages/"))
      .flatMap(({ folder }) => listSources(`${folder}/src`))
      .filter((path) => !isTest(path))
      .flatMap((path) =>
        runtimeGlobalsOf(readSource(path)).map(
          (name) => `${path} uses ${name}: only apps know their runtime`,
        ),
      );
    expect(faults).toEqual([]);
  });

  it("in each app only config.ts reads the environment", () => {
    const faults = workspaces
      .filter(({ folder }) => folder.startsWith("apps/"))
      .flatMap(({ folder }) => listSources(`${folder}/src`))
      .filter((path) => !isTest(path) && !path.endsWith("/config.ts"))
      .filter((path) => /\bprocess\.env\b/.test(readSource(path)));
    expect(faults).toEqual([]);
  });

  it("no package imports itself by way of others", () => {
    const importsByName = new Map(workspaces.map((workspace) => [workspace.name, ownImports(workspace)]));
    const cycles = workspaces.flatMap(({ name }) => findCycle(name, importsByName) ?? []);
    expect(cycles).toEqual([]);
  });
});

function ownImports({ name, folder }: Workspace): Set<string> {
  const sources = listSources(`${folder}/src`).filter((path) => !isTest(path));
  const packages = sources.flatMap((path) => importsOf(readSource(path))).map(packageOf);
  return new Set(packages.filter((other) => other !== name && workspaces.some((w) => w.name === other)));
}

/** @returns The way from `start` back to it, e.g. `a → b → a`. */
function findCycle(start: string, importsByName: Map<string, Set<string>>): string | null {
  const ways = [[start]];
  const seen = new Set<string>();
  for (const way of ways)
    for (const next of importsByName.get(way.at(-1) ?? start) ?? []) {
      if (next === start) return [...way, next].join(" → ");
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  return null;
}

describe("the rules", () => {
  it.each<[from: string, path: string, specifier: string, fault: RegExp | null]>([
    ["@fairlead/protocol", "src/ids.ts", "zod", null],
    ["@fairlead/protocol", "src/ids.ts", "@fairlead/bus", /nothing/],
    ["@fairlead/protocol", "src/ids.ts", "node:crypto", /only apps/],
    ["@fairlead/protocol", "src/ids.ts", "fs", /only apps/],
    ["@fairlead/protocol", "src/ids.ts", "lodash", /not in packages\/protocol\/package.json/],
    ["@fairlead/protocol", "src/ids.test.ts", "node:crypto", null],
    ["@fairlead/bus", "src/memory/memory-bus.ts", "@fairlead/protocol", null],
    ["@fairlead/bus", "src/memory/memory-bus.ts", "../bus.ts", null],
    ["@fairlead/bus", "src/memory/memory-bus.ts", "../../../protocol/src/ids.ts", /leaves packages\/bus/],
    ["@fairlead/bus", "src/bus.ts", "./testing/collect.ts", /only tests/],
    ["@fairlead/bus", "src/bus.test.ts", "./testing/collect.ts", null],
    ["@fairlead/bus", "src/testing/collect.ts", "vitest", null],
    ["@fairlead/bus", "src/bus.ts", "@fairlead/registry", /may import/],
    ["@fairlead/signaling", "src/app.ts", "@fairlead/bus", null],
    ["@fairlead/signaling", "src/app.ts", "@fairlead/bus/memory", /may import/],
    ["@fairlead/signaling", "src/app.ts", "@fairlead/registry/memory", /may import/],
    ["@fairlead/signaling", "src/app.test.ts", "@fairlead/registry/memory", null],
    ["@fairlead/signaling", "src/app.test.ts", "@fairlead/media-node", /nobody imports an app/],
    ["@fairlead/signaling", "src/app.ts", "@fairlead/client", /may import/],
    ["@fairlead/client", "src/room.ts", "@fairlead/signaling", /may import/],
    ["@fairlead/media-node", "src/index.ts", "@fairlead/mediasoup-worker", null],
    ["@fairlead/media-node", "src/index.ts", "@fairlead/signaling-app/node", /nobody imports an app/],
    ["@fairlead/media-node", "src/index.ts", "node:os", null],
    ["@fairlead/standalone", "src/main.ts", "@fairlead/signaling-app/node", null],
    ["@fairlead/standalone", "src/main.ts", "@fairlead/bus/memory", null],
    ["@fairlead/mediasoup-worker", "src/index.ts", "@fairlead/bus", /may import/],
  ])("%s %s importing %s", (from, file, specifier, fault) => {
    const workspace = named(from);
    const found = faultOfImport(workspace, `${workspace.folder}/${file}`, specifier, workspaces);
    if (fault) expect(found).toMatch(fault);
    else expect(found).toBeNull();
  });

  it("see every form of import and none in comments or strings", () => {
    const source = `
      import { a } from "a";
      import type { B } from 'b';
      import "c";
      export * from "d";
      export {
        e,
      } from "e";
      const f = await import("f");
      // import "no";
      /* from "no" */
      const url = "http://x/*"; import g from "g"; Buffer.from("no"); // from "no"
    `;
    expect(importsOf(source)).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
  });

  it("see globals of a runtime and no words that look like them", () => {
    const source = `process.env.PORT; Buffer.from(x); Deno.serve(); // Bun.serve()
      worker.process.pid; "process.env"; const processed = 1; require ("x"); import.meta.dirname;`;
    expect(runtimeGlobalsOf(source)).toEqual(["process", "Buffer", "Deno", "require", "import.meta.dirname"]);
  });

  it("find a cycle and say its way", () => {
    const imports = new Map([
      ["a", new Set(["b"])],
      ["b", new Set(["c"])],
      ["c", new Set(["a"])],
    ]);
    expect(findCycle("a", imports)).toBe("a → b → c → a");
    expect(findCycle("a", new Map([["a", new Set(["b"])]]))).toBeNull();
  });
});
