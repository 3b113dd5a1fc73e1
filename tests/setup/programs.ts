import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Programs that tests start and npm does not bring. */
export const PROGRAMS = {
  chromium: {
    override: "FAIRLEAD_CHROMIUM",
    commands: ["chromium", "chromium-browser", "google-chrome"],
    debianPackage: "chromium",
  },
  // The same Chromium without windows, for two thirds of the CPU. It knows no policies.
  "chromium-headless-shell": {
    override: "FAIRLEAD_CHROMIUM_HEADLESS_SHELL",
    commands: ["chromium-headless-shell", "chrome-headless-shell"],
    debianPackage: "chromium-headless-shell",
  },
  firefox: {
    override: "FAIRLEAD_FIREFOX",
    commands: ["firefox-esr", "firefox"],
    debianPackage: "firefox-esr",
  },
  "nats-server": {
    override: "FAIRLEAD_NATS_SERVER_BIN",
    commands: ["nats-server"],
    debianPackage: "nats-server",
  },
  "redis-server": {
    override: "FAIRLEAD_REDIS_SERVER_BIN",
    commands: ["redis-server", "valkey-server"],
    debianPackage: "redis-server",
  },
  prometheus: {
    override: "FAIRLEAD_PROMETHEUS",
    commands: ["prometheus"],
    debianPackage: "prometheus",
  },
  promtool: { override: "FAIRLEAD_PROMTOOL", commands: ["promtool"], debianPackage: "prometheus" },
  turnserver: {
    override: "FAIRLEAD_TURNSERVER_BIN",
    commands: ["turnserver"],
    debianPackage: "coturn",
  },
  // A Python that has the module.
  "python3-aiortc": {
    override: "FAIRLEAD_PYTHON",
    commands: ["python3"],
    debianPackage: "python3-aiortc",
    proof: ["-c", "import aiortc"],
  },
  // With the plugins that tests need: VP8, Opus, RTP and SRTP.
  "gst-launch": {
    override: "FAIRLEAD_GST_LAUNCH",
    commands: ["gst-launch-1.0"],
    debianPackage:
      "gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad",
    proof:
      `-q videotestsrc num-buffers=1 ! vp8enc ! rtpvp8pay ! srtpenc key=${"0".repeat(60)} ! fakesink`.split(
        " ",
      ),
  },
  ffmpeg: { override: "FAIRLEAD_FFMPEG", commands: ["ffmpeg"], debianPackage: "ffmpeg" },
  obs: { override: "FAIRLEAD_OBS", commands: ["obs"], debianPackage: "obs-studio" },
  Xvfb: { override: "FAIRLEAD_XVFB", commands: ["Xvfb"], debianPackage: "xvfb" },
  // One that has the module. Only a bench wants it.
  "nginx-rtmp": {
    override: "FAIRLEAD_NGINX",
    commands: ["nginx"],
    debianPackage: "libnginx-mod-rtmp",
    proof: ["-t", "-q", "-c", join(import.meta.dirname, "nginx-rtmp.conf")],
  },
  // One whose kustomize knows components: that of Debian 12 does not.
  kubectl: {
    override: "FAIRLEAD_KUBECTL",
    commands: ["kubectl"],
    debianPackage: "kubernetes-client",
    proof: ["kustomize", join(import.meta.dirname, "../../deploy/kubernetes/overlays/keda")],
  },
  "systemd-analyze": {
    override: "FAIRLEAD_SYSTEMD_ANALYZE",
    commands: ["systemd-analyze"],
    debianPackage: "systemd",
  },
  ip: { override: "FAIRLEAD_IP_BIN", commands: ["ip"], debianPackage: "iproute2" },
  nft: { override: "FAIRLEAD_NFT_BIN", commands: ["nft"], debianPackage: "nftables" },
} as const satisfies Record<string, Program>;

type Program = {
  override: string;
  commands: readonly string[];
  /** Names, with spaces between. */
  debianPackage: string;
  /** Arguments with which only the right one of that name succeeds. */
  proof?: readonly string[];
};

export type ProgramName = keyof typeof PROGRAMS;

/** For `npm run test:long`: a hundred packages with what they need. */
export const LONG_TOOLS: readonly ProgramName[] = ["obs", "Xvfb"];

/** Debian 12 has none that is new enough, so none is installed: without it manifests are not rendered. */
export const MANIFEST_TOOLS: readonly ProgramName[] = ["kubectl"];

/** Only Linux has it. */
export const SYSTEMD_TOOLS: readonly ProgramName[] = ["systemd-analyze"];

/** For a node that loses its network. */
export const NAMESPACE_TOOLS: readonly ProgramName[] = ["ip", "nft"];

/** Tests want none of them: a bench asks for its own. */
export const BENCH_TOOLS: readonly ProgramName[] = ["nginx-rtmp"];

/** Where Debian puts servers, and only root has it on PATH. */
const SERVER_FOLDER = "/usr/sbin";

/**
 * The executable that the program's variable names, e.g. FAIRLEAD_CHROMIUM, else the first of its usual names on PATH.
 *
 * @returns undefined where there is none.
 * @throws {Error} The variable names no executable.
 */
export function findProgram(name: ProgramName, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { override, commands, proof }: Program = PROGRAMS[name];
  const asked = env[override];
  if (asked && !isExecutable(asked)) throw new Error(`${override}=${asked}: no executable there`);
  if (asked) return asked;
  const folders = [...(env.PATH ?? "").split(delimiter).filter(Boolean), SERVER_FOLDER];
  return commands
    .flatMap((command) => folders.map((folder) => join(folder, command)))
    .find((path) => isExecutable(path) && (!proof || isProven(path, proof)));
}

/** @throws {Error} There is none: says how to get it. */
export function needProgram(name: ProgramName): string {
  const found = findProgram(name);
  if (found === undefined)
    throw new Error(
      `no ${name}: npm test installs what is missing, or says how; or set ${PROGRAMS[name].override}`,
    );
  return found;
}

function isProven(path: string, proof: readonly string[]): boolean {
  return spawnSync(path, proof, { stdio: "ignore" }).status === 0;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
