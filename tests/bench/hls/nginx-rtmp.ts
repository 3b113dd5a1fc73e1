import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { needProgram } from "../../setup/programs.ts";
import { dieWithParent } from "../../support/processes/die-with-parent.ts";
import { freePort } from "../../support/servers/free-port.ts";

/** Of memory, where there is one: no disk is in the way. */
const MEMORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const START_MS = 10_000;
const LOOK_MS = 50;

export type NginxRtmp = {
  pid: number;
  rtmpUrl: string;
  playlistOf(name: string): string;
  close(): Promise<void>;
};

/** Debian's nginx with its RTMP module, as its own documentation sets HLS up: segments of two seconds. */
export async function startNginxRtmp(): Promise<NginxRtmp> {
  const folder = mkdtempSync(join(MEMORY, "fairlead-nginx-"));
  mkdirSync(join(folder, "hls"));
  const [rtmpPort, httpPort] = [await freePort(), await freePort()];
  const file = join(folder, "nginx.conf");
  writeFileSync(file, configOf({ folder, rtmpPort, httpPort }));
  const program = [needProgram("nginx-rtmp"), "-e", "stderr", "-p", folder, "-c", file];
  const child = spawn(...dieWithParent(program), { stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const url = `http://127.0.0.1:${httpPort}`;
  const close = async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilItAnswers(url, () => child.exitCode !== null);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    rtmpUrl: `rtmp://127.0.0.1:${rtmpPort}/live`,
    playlistOf: (name) => `${url}/hls/${name}.m3u8`,
    close,
  };
}

/** One process, which stays in front. */
function configOf({
  folder,
  rtmpPort,
  httpPort,
}: {
  folder: string;
  rtmpPort: number;
  httpPort: number;
}): string {
  return `
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr crit;
events {}
rtmp {
  access_log off;
  server {
    listen 127.0.0.1:${rtmpPort};
    application live {
      live on;
      hls on;
      hls_path ${folder}/hls;
      hls_fragment 2s;
      hls_playlist_length 12s;
    }
  }
}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${httpPort};
    root ${folder};
  }
}
`;
}

async function untilItAnswers(url: string, hasEnded: () => boolean): Promise<void> {
  const untilMs = performance.now() + START_MS;
  while (!hasEnded() && performance.now() < untilMs) {
    const isThere = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await pause(LOOK_MS);
  }
  throw new Error("nginx did not start");
}
