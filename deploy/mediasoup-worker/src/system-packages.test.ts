import { describe, expect, it } from "vitest";
import type { CommandOutcome } from "./run-command.ts";
import { installMissingPackages, type PackageHost } from "./system-packages.ts";

type Machine = { isRoot: boolean; hasApt: boolean; lacks: string[]; aptWorks?: boolean };

/** A machine by the commands, pkg-config names and headers that it lacks. `apt-get install` brings all of them. */
function createMachine({ aptWorks = true, hasApt, isRoot, lacks }: Machine) {
  const lacking = new Set(lacks);
  const aptCalls: string[] = [];
  const run = async (command: string, args: string[]): Promise<CommandOutcome> => {
    if (command === "apt-get" && args[0] !== "--version") {
      aptCalls.push(args.join(" "));
      if (aptWorks) lacking.clear();
      return end(aptWorks ? 0 : 100);
    }
    if (command === "apt-get") return end(hasApt ? 0 : null);
    if (command === "pkg-config" && args[0] === "--exists") return end(lacking.has(args[1] ?? "") ? 1 : 0);
    if (args.some((argument) => argument.endsWith(".h") && lacking.has(argument))) return end(1);
    return end(lacking.has(command) ? null : 0);
  };
  const host: PackageHost = { isRoot, run };
  return { host, aptCalls };
}

function end(exitCode: number | null): CommandOutcome {
  return { exitCode, ending: `exited with code ${exitCode}`, output: "E: Unable to locate package" };
}

const ignore = () => {};

describe("build packages", () => {
  it("that are all there are not installed again", async () => {
    const { aptCalls, host } = createMachine({ isRoot: true, hasApt: true, lacks: [] });
    await installMissingPackages(ignore, host);
    expect(aptCalls).toEqual([]);
  });

  it("that are missing are installed as root, and only they", async () => {
    const { aptCalls, host } = createMachine({ isRoot: true, hasApt: true, lacks: ["meson", "libsrtp2"] });
    await installMissingPackages(ignore, host);
    expect(aptCalls).toEqual(["update", "install -y --no-install-recommends meson libsrtp2-dev"]);
  });

  it("count as missing where only FlatBuffers' headers are: its pkg-config file comes without them", async () => {
    const { aptCalls, host } = createMachine({
      isRoot: true,
      hasApt: true,
      lacks: ["flatbuffers/flatbuffers.h"],
    });
    await installMissingPackages(ignore, host);
    expect(aptCalls).toContain("install -y --no-install-recommends libflatbuffers-dev");
  });

  it("that are missing are named with the command for other users", async () => {
    const { aptCalls, host } = createMachine({ isRoot: false, hasApt: true, lacks: ["ninja"] });
    const command = "apt-get update && apt-get install -y --no-install-recommends ninja-build";
    await expect(installMissingPackages(ignore, host)).rejects.toThrow(command);
    expect(aptCalls).toEqual([]);
  });

  it("that are missing are named where there is no apt", async () => {
    const { host } = createMachine({ isRoot: true, hasApt: false, lacks: ["ninja", "flatc"] });
    await expect(installMissingPackages(ignore, host)).rejects.toThrow("ninja-build flatbuffers-compiler");
  });

  it("that apt cannot install are an error with apt's output", async () => {
    const { host } = createMachine({ isRoot: true, hasApt: true, lacks: ["meson"], aptWorks: false });
    await expect(installMissingPackages(ignore, host)).rejects.toThrow(
      /exited with code 100\n[\s\S]*Unable to locate/,
    );
  });
});
