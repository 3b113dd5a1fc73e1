import type { BrowserContext, Page } from "playwright-core";

export type SdpTarget = { url: string; bearer: string | null };

/** A page that publishes by WHIP or watches by WHEP in a few lines of its own, as anybody's page would. */
export type SdpPage = {
  page: Page;
  /** How often a POST was answered with 201 so far. */
  sessions(): Promise<number>;
  /** Frames that the present session has decoded (WHEP) or encoded (WHIP). */
  frames(): Promise<number>;
};

type Session = { sessions: number; pc: RTCPeerConnection | null };
declare global {
  var sdpSession: Session;
}

/** @param context Of a browser whose pages may use loopback. */
export async function openSdpPage(
  context: BrowserContext,
  kind: "whip" | "whep",
  target: SdpTarget,
): Promise<SdpPage> {
  const page = await context.newPage();
  // Any page of a secure origin: loopback is one.
  await page.goto(new URL("/livez", target.url).href);
  await page.evaluate(runSession, { kind, ...target });
  return {
    page,
    sessions: () => page.evaluate(() => sdpSession.sessions),
    frames: () => page.evaluate(countFrames),
  };
}

/** Self-contained: it is sent to the browser as text. A session that fails is opened anew, every half second. */
function runSession({ kind, url, bearer }: { kind: "whip" | "whep" } & SdpTarget): void {
  const state: Session = { sessions: 0, pc: null };
  globalThis.sdpSession = state;
  const pause = () => new Promise((resolve) => setTimeout(resolve, 500));
  const open = async () => {
    const pc = new RTCPeerConnection();
    state.pc = pc;
    if (kind === "whip") {
      const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
      for (const track of media.getTracks()) pc.addTransceiver(track, { direction: "sendonly" });
    } else for (const each of ["audio", "video"]) pc.addTransceiver(each, { direction: "recvonly" });
    pc.ontrack = ({ track }) => {
      const video = document.createElement("video");
      Object.assign(video, { muted: true, autoplay: true, srcObject: new MediaStream([track]) });
      document.body.append(video);
    };
    await pc.setLocalDescription();
    const headers: Record<string, string> = { "content-type": "application/sdp" };
    if (bearer !== null) headers.authorization = `Bearer ${bearer}`;
    const answer = await fetch(url, { method: "POST", headers, body: pc.localDescription?.sdp ?? "" });
    if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
    await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    state.sessions += 1;
    await new Promise<void>((resolve) => {
      pc.onconnectionstatechange = () => {
        if (["failed", "closed", "disconnected"].includes(pc.connectionState)) resolve();
      };
    });
  };
  const run = async () => {
    for (;;) {
      await open().catch((error) => console.log(String(error)));
      state.pc?.close();
      document.body.replaceChildren();
      await pause();
    }
  };
  void run();
}

async function countFrames(): Promise<number> {
  const stats = await sdpSession.pc?.getStats();
  // biome-ignore lint/suspicious/noExplicitAny: the DOM library types no members of the several kinds of statistics
  const all: any[] = [...(stats?.values() ?? [])];
  return all.reduce(
    (sum, { framesDecoded = 0, framesEncoded = 0 }) => sum + framesDecoded + framesEncoded,
    0,
  );
}
