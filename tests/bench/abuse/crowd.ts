import { PING_INTERVAL_MS } from "@fairlead/protocol";
import { ProtocolClient } from "../../support/protocol-client.ts";
import { rtpParameters } from "../../support/rtp-parameters.ts";
import { answerParent } from "../processes/ask-child.ts";

export type CrowdTasks = {
  /** Peers that join one after the other, each with a microphone and a camera without media, and stay. */
  gather: { input: { url: string; tickets: string[] }; output: null };
};

const crowd: ProtocolClient[] = [];
setInterval(() => {
  for (const client of crowd) client.send({ type: "ping" });
}, PING_INTERVAL_MS);

answerParent({
  gather: async ({ url, tickets }: CrowdTasks["gather"]["input"]) => {
    for (const ticket of tickets) {
      const client = await ProtocolClient.join(url, { ticket });
      const publish = (source: "microphone" | "camera", kind: "audio" | "video", codec: "opus" | "vp8") =>
        client.command("producer.create", { kind, source, rtpParameters: rtpParameters(codec) });
      await publish("microphone", "audio", "opus");
      await publish("camera", "video", "vp8");
      crowd.push(client);
    }
    return null;
  },
});
