/** Plain page code, as anybody writes it. Each function is sent to the browser as text. */

export type At = { url: string; token: string | null };

export type PageStats = {
  state: string;
  framesDecoded: number;
  framesEncoded: number;
  /** W3C webrtc-stats `totalAudioEnergy`. */
  energy: number;
  width: number;
  /** Of pictures: packets that did not come, or not again. */
  packetsLost: number;
};

declare global {
  var connection: RTCPeerConnection;
  var picture: HTMLVideoElement | undefined;
  var frameTimesMs: number[];
  /** Changes an answer, so that media goes another way. */
  var reroute: ((answer: string) => Promise<string>) | undefined;
  var npmClients: {
    WHIPClient: new (options: {
      endpoint: string;
      opts: { authkey?: string };
      peerConnectionFactory: (configuration: RTCConfiguration) => RTCPeerConnection;
    }) => { ingest(stream: MediaStream): Promise<void>; destroy(): Promise<void> };
    MedoozeWhip: new () => { publish(pc: RTCPeerConnection, url: string, token: string): Promise<void> };
    MedoozeWhep: new () => {
      view(pc: RTCPeerConnection, url: string, token?: string): Promise<void>;
      restart(): Promise<void>;
    };
  };
}

/** WHIP with every candidate in the offer. */
export async function publishByWhip({ url, token }: At): Promise<string> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const connection = new RTCPeerConnection();
  globalThis.connection = connection;
  for (const track of stream.getTracks())
    connection.addTransceiver(track, { direction: "sendonly", streams: [stream] });
  await connection.setLocalDescription();
  if (connection.iceGatheringState !== "complete")
    await new Promise<void>((resolve) => {
      connection.onicegatheringstatechange = () => connection.iceGatheringState === "complete" && resolve();
    });
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/sdp", authorization: `Bearer ${token}` },
    body: connection.localDescription?.sdp ?? "",
  });
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
  await connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
  return response.headers.get("location") ?? "";
}

/** WHEP without any candidate in the offer. */
export async function watchByWhep({ url }: At): Promise<string> {
  const connection = new RTCPeerConnection();
  globalThis.connection = connection;
  const stream = new MediaStream();
  connection.ontrack = ({ track }) => stream.addTrack(track);
  for (const kind of ["video", "audio"]) connection.addTransceiver(kind, { direction: "recvonly" });
  const picture = document.createElement("video");
  Object.assign(picture, { autoplay: true, srcObject: stream });
  document.body.append(picture);
  globalThis.picture = picture;
  globalThis.frameTimesMs = [];
  await connection.setLocalDescription();
  const headers = { "content-type": "application/sdp" };
  const body = connection.localDescription?.sdp ?? "";
  const response = await fetch(url, { method: "POST", headers, body });
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
  const answer = await response.text();
  const sdp = (await globalThis.reroute?.(answer)) ?? answer;
  picture.requestVideoFrameCallback(function note() {
    globalThis.frameTimesMs.push(performance.now());
    picture.requestVideoFrameCallback(note);
  });
  await connection.setRemoteDescription({ type: "answer", sdp });
  return response.headers.get("location") ?? "";
}

/** When each of the pictures was shown. */
export function frameTimes(): number[] {
  return globalThis.frameTimesMs;
}

/** `@eyevinn/whip-web-client`, which trickles. */
export async function publishByEyevinn({ url, token }: At): Promise<void> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const client = new npmClients.WHIPClient({
    endpoint: url,
    opts: token === null ? {} : { authkey: token },
    peerConnectionFactory: (configuration) => {
      globalThis.connection = new RTCPeerConnection(configuration);
      return globalThis.connection;
    },
  });
  await client.ingest(stream);
}

/** `whip-whep` of Medooze. */
export async function publishByMedooze({ url, token }: At): Promise<void> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  globalThis.connection = new RTCPeerConnection();
  for (const track of stream.getTracks())
    globalThis.connection.addTransceiver(track, { direction: "sendonly", streams: [stream] });
  await new npmClients.MedoozeWhip().publish(globalThis.connection, url, token ?? "");
}

export async function watchByMedooze({ url }: At): Promise<void> {
  const connection = new RTCPeerConnection();
  globalThis.connection = connection;
  const stream = new MediaStream();
  connection.ontrack = ({ track }) => stream.addTrack(track);
  for (const kind of ["audio", "video"]) connection.addTransceiver(kind, { direction: "recvonly" });
  const picture = document.createElement("video");
  Object.assign(picture, { autoplay: true, srcObject: stream });
  document.body.append(picture);
  globalThis.picture = picture;
  await new npmClients.MedoozeWhep().view(connection, url);
}

export async function pageStats(): Promise<PageStats> {
  const { connection, picture } = globalThis;
  // biome-ignore lint/suspicious/noExplicitAny: the DOM library types no members of the several kinds of statistics
  const all: any[] = [...(await connection.getStats()).values()];
  const of = (type: string, kind: string) => all.find((one) => one.type === type && one.kind === kind) ?? {};
  const video = of("inbound-rtp", "video");
  return {
    state: connection.connectionState,
    framesDecoded: video.framesDecoded ?? 0,
    framesEncoded: of("outbound-rtp", "video").framesEncoded ?? 0,
    energy: of("inbound-rtp", "audio").totalAudioEnergy ?? 0,
    width: picture?.videoWidth ?? 0,
    packetsLost: video.packetsLost ?? 0,
  };
}

export function closePage(): void {
  globalThis.connection.close();
}
