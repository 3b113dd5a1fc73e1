import { createSocket, type Socket } from "node:dgram";

export type LossyRelay = {
  /** @returns The answer with the relay's port in place of the node's, and no other way. */
  reroute: (answer: string) => string;
  dropped: () => number;
  close(): void;
};

const UDP = /(a=candidate:\S+ \d+ udp \d+) (\S+) (\d+)/i;
const TCP = /a=candidate:.* tcp .*\r\n/gi;

/** Passes packets between one client and a node, and drops each `every`-th that the node sends. */
export async function openLossyRelay(every: number): Promise<LossyRelay> {
  const [outside, inside] = await Promise.all([bound(), bound()]);
  let node: { ip: string; port: number } | null = null;
  let client: { address: string; port: number } | null = null;
  let [sent, dropped] = [0, 0];
  outside.on("message", (data, from) => {
    client = from;
    if (node) inside.send(data, node.port, node.ip);
  });
  inside.on("message", (data) => {
    // Of RTP and RTCP (RFC 7983): the client must get through.
    const isMedia = (data[0] ?? 0) >= 128;
    sent += 1;
    if (isMedia && sent % every === 0) dropped += 1;
    else if (client) outside.send(data, client.port, client.address);
  });
  return {
    reroute: (answer) => {
      const [, , ip = "", port = ""] = UDP.exec(answer) ?? [];
      node = { ip, port: Number(port) };
      const relayed = new RegExp(UDP, "gi");
      return answer.replaceAll(TCP, "").replaceAll(relayed, `$1 $2 ${outside.address().port}`);
    },
    dropped: () => dropped,
    close: () => {
      for (const socket of [outside, inside]) socket.close();
    },
  };
}

/** On every address: a browser may not speak with loopback. */
function bound(): Promise<Socket> {
  const socket = createSocket("udp4");
  return new Promise((resolve) => socket.bind(0, () => resolve(socket)));
}
