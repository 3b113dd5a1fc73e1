import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findProgram } from "../setup/programs.ts";
import { atExit } from "./processes/at-exit.ts";
import { dieWithParent } from "./processes/die-with-parent.ts";

export type Obs = {
  /** Its log. */
  said(): string;
  /** Ends it as a person does who closes its window. */
  close(): Promise<void>;
};

const NAME = "fairlead";
/** Without a first run's questions, and without a look for updates. */
const GLOBAL = `[General]
FirstRun=true
InfoIncrement=99
LastVersion=486539266
EnableAutoUpdates=false
ConfirmOnExit=false

[Basic]
Profile=${NAME}
ProfileDir=${NAME}
SceneCollection=${NAME}
SceneCollectionFile=${NAME}
`;
/** All else as OBS has it after its installation: x264 with B-frames, a key frame when it likes. */
const PROFILE = `[General]
Name=${NAME}

[SimpleOutput]
VBitrate=600

[Video]
BaseCX=640
BaseCY=360
OutputCX=640
OutputCY=360
`;
const INPUT = "testsrc2=size=640x360:rate=30[out0];sine=frequency=440[out1]";
const PICTURE = {
  id: "ffmpeg_source",
  name: "Picture",
  mixers: 255,
  settings: { is_local_file: false, input: INPUT, input_format: "lavfi" },
};
const SCENE = {
  id: "scene",
  name: "Scene",
  settings: {
    id_counter: 1,
    items: [{ name: "Picture", id: 1, visible: true, pos: { x: 0, y: 0 }, scale: { x: 1, y: 1 }, align: 5 }],
  },
};

/** @returns Why there is none here; null: there is. */
export function whyNoObs(): string | null {
  const missing = (["obs", "Xvfb"] as const).filter((name) => findProgram(name) === undefined);
  return missing.length === 0 ? null : `no ${missing.join(" and no ")} (Debian: obs-studio, xvfb)`;
}

/** OBS as it is installed, on a screen that nobody sees, streaming to a custom server. Resolves once it has been started. */
export async function startObs(to: { server: string; key: string }): Promise<Obs> {
  const home = await mkdtemp(join(tmpdir(), "fairlead-obs-"));
  await writeConfig(join(home, "obs-studio"), to);
  const screen = await startScreen();
  const options = ["--multi", "--profile", NAME, "--collection", NAME, "--scene", "Scene"];
  const program = [findProgram("obs") ?? "obs", ...options, "--startstreaming", "--unfiltered_log"];
  const child = spawn(...dieWithParent(program), {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      DISPLAY: screen.display,
      LIBGL_ALWAYS_SOFTWARE: "1",
      ...{ HOME: home, XDG_CONFIG_HOME: home, XDG_RUNTIME_DIR: home },
    },
  });
  let said = "";
  for (const output of [child.stdout, child.stderr])
    output?.on("data", (text: Buffer) => {
      said += text;
    });
  const forget = atExit(() => void child.kill("SIGKILL"));
  return {
    said: () => said,
    close: async () => {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
      child.kill("SIGKILL");
      await ended;
      forget();
      await screen.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function writeConfig(folder: string, { server, key }: { server: string; key: string }): Promise<void> {
  const profile = join(folder, "basic/profiles", NAME);
  const scenes = join(folder, "basic/scenes");
  await Promise.all([profile, scenes].map((path) => mkdir(path, { recursive: true })));
  const service = { type: "rtmp_custom", settings: { server, key, use_auth: false, bwtest: false } };
  const collection = {
    ...{ name: NAME, current_scene: "Scene", current_program_scene: "Scene" },
    scene_order: [{ name: "Scene" }],
    sources: [PICTURE, SCENE].map((source) => ({ ...source, enabled: true })),
  };
  await Promise.all([
    writeFile(join(folder, "global.ini"), GLOBAL),
    writeFile(join(profile, "basic.ini"), PROFILE),
    writeFile(join(profile, "service.json"), JSON.stringify(service)),
    writeFile(join(scenes, `${NAME}.json`), JSON.stringify(collection)),
  ]);
}

/** It chooses a free number by itself, and writes it. */
async function startScreen(): Promise<{ display: string; close(): Promise<void> }> {
  const program = [findProgram("Xvfb") ?? "Xvfb", "-displayfd", "1", "-screen", "0", "1024x768x24"];
  const child = spawn(...dieWithParent(program), { stdio: ["ignore", "pipe", "ignore"] });
  const forget = atExit(() => void child.kill("SIGKILL"));
  const [number] = await once(createInterface({ input: child.stdout }), "line");
  return {
    display: `:${number}`,
    close: async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
      forget();
    },
  };
}
